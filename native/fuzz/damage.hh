// What can be wrong with a scorer file: from a bit to a whole piece that belongs to another file.
#pragma once

#include "scorer_file.hh"

namespace fuzz {

// A damaged copy; most still look like scorers, so that what follows the header is tested.
Bytes damage(Parts parts, Chance& chance);

}  // namespace fuzz
