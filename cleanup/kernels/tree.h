/* Phrases as a tree that is walked down sign by sign; `boilerplate_phrases.py` has it grown. */
#ifndef CLEANUP_TREE_H
#define CLEANUP_TREE_H

#include "kernels.h"

/*
 * A step from `state` by `symbol` is in `steps`[1 << bits], four numbers each: state and symbol, the next state (0: the slot is
 * empty), a phrase that ends there (or -1). State 0 is the root.
 */
struct tree {
    const int32_t *steps;
    int bits;
};

static inline uint32_t slot_of(uint64_t hash, int bits) {
    return (uint32_t)((hash ^ hash >> 29) * GOLDEN >> (64 - bits));
}

#define PREFIX_BITS 18
enum { PREFIXES = 1 << PREFIX_BITS };

/* The hash of symbols, by that of all but the last one; 0 of none. */
static inline uint64_t hash_prefix(uint64_t hash, uint32_t symbol) {
    hash = (hash + symbol) * GOLDEN;
    return hash ^ hash >> 29;
}

static inline uint32_t prefix_slot(uint64_t hash) {
    return (uint32_t)(hash >> (64 - PREFIX_BITS));
}

/* Whether flags[PREFIXES / 8] have that of a hash. */
static inline uint32_t has_prefix(const uint8_t *flags, uint64_t hash) {
    return flags[prefix_slot(hash) >> 3] >> (prefix_slot(hash) & 7) & 1;
}

/* The slot of a step: where it is, or the empty one where it would be. */
static inline int64_t find_step(struct tree tree, int32_t state, uint32_t symbol) {
    uint64_t mask = ((uint64_t)1 << tree.bits) - 1, at = slot_of((uint64_t)state << 32 | symbol, tree.bits);
    for (;; at = (at + 1) & mask) {
        const int32_t *step = tree.steps + 4 * at;
        if (!step[2] || (step[0] == state && step[1] == (int32_t)symbol))
            return (int64_t)at;
    }
}

#endif
