/* Classes of characters for what short lines say, as `boilerplate_suspects.py` names them; those of text.h are others. */
#ifndef CLEANUP_SUSPECTS_H
#define CLEANUP_SUSPECTS_H

#include "text.h"

enum {
    BLANK = 1,
    SCRIPT = 2, /* in words, but for digits */
    WORDY = 4,
    CAPITAL = 8,
    NUMBER = 16,
    SEAM = 32,
    EDGE = 64,
    SPACER = 128,
    KANJI = 256,
    KANA = 512,
    SEVERAL = 1024, /* becomes several characters when its case is folded, other than "ss" */
    BROAD = 2048,   /* of a script in which words go on without a space */
    LOW = 4096,
    DOTLESS = 8192
};
enum { DATED = 1, WHO = 2, NAMED = 4, READABLE = 8, PERSONAL = 16 };

static inline uint32_t sign_kind(const uint16_t *kinds, uint32_t point) {
    return point < KNOWN ? kinds[point] : point < 0x40000 ? SCRIPT | WORDY | BROAD : 0;
}

#endif
