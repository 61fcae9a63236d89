/* py3langid's automaton over bytes, and what its states say. */
#include "kernels.h"

/*
 * The feature that ends at each of `size` bytes: what the state after it says, -1 for none.
 * A state's row of 256 next states begins at next[row[state] * 256]. The automaton starts anew behind the byte 0xFF.
 */
KERNEL void language_features(const uint8_t *data, int64_t size, const uint32_t *next, const int64_t *row, const int32_t *feature,
                              int32_t *found) {
    uint32_t state = 0;
    for (int64_t at = 0; at < size; at++) {
        state = next[row[state] * 256 + data[at]];
        found[at] = feature[state];
    }
}
