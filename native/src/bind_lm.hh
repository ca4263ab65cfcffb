// Adds the estimation of language models to the extension module.
#pragma once

#include <nanobind/nanobind.h>

void bind_lm(nanobind::module_& m);
