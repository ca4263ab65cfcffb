// Adds what writes language models and dictionaries to the extension module.
#pragma once

#include <nanobind/nanobind.h>

void bind_language(nanobind::module_& m);
