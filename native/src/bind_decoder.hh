// Adds the beam search to the extension module.
#pragma once

#include <nanobind/nanobind.h>

void bind_decoder(nanobind::module_& m);
