// Adds networks with 8-bit weights to the extension module.
#pragma once

#include <nanobind/nanobind.h>

void bind_network(nanobind::module_& m);
