// Adds the LSTM's arithmetic between matrix products to the extension module.
#pragma once

#include <nanobind/nanobind.h>

void bind_lstm(nanobind::module_& m);
