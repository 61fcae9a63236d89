/* BLAKE2b (RFC 7693) without a key, of short messages. */
#include "written.h"

typedef struct {
    uint64_t state[8], done;
    uint8_t block[128];
    int64_t held;
} Hash;

static const uint64_t START[8] = {
    UINT64_C(0x6A09E667F3BCC908), UINT64_C(0xBB67AE8584CAA73B), UINT64_C(0x3C6EF372FE94F82B), UINT64_C(0xA54FF53A5F1D36F1),
    UINT64_C(0x510E527FADE682D1), UINT64_C(0x9B05688C2B3E6C1F), UINT64_C(0x1F83D9ABFB41BD6B), UINT64_C(0x5BE0CD19137E2179),
};
static const uint8_t ORDER[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint64_t turned(uint64_t word, int by) { return word >> by | word << (64 - by); }

static void mix(uint64_t *v, int a, int b, int c, int d, uint64_t one, uint64_t two) {
    v[a] += v[b] + one;
    v[d] = turned(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 24);
    v[a] += v[b] + two;
    v[d] = turned(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 63);
}

static void compress(Hash *hash, uint64_t last) {
    uint64_t v[16], words[16];
    for (int i = 0; i < 16; i++) words[i] = read_eight(hash->block + 8 * i);
    for (int i = 0; i < 8; i++) {
        v[i] = hash->state[i];
        v[i + 8] = START[i];
    }
    v[12] ^= hash->done;
    v[14] ^= last;
    for (int turn = 0; turn < 12; turn++) {
        const uint8_t *order = ORDER[turn % 10];
        for (int i = 0; i < 4; i++) mix(v, i, 4 + i, 8 + i, 12 + i, words[order[2 * i]], words[order[2 * i + 1]]);
        for (int i = 0; i < 4; i++)
            mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, words[order[8 + 2 * i]], words[order[9 + 2 * i]]);
    }
    for (int i = 0; i < 8; i++) hash->state[i] ^= v[i] ^ v[i + 8];
}

static void take(Hash *hash, const uint8_t *data, int64_t size) {
    while (size) {
        if (hash->held == 128) {
            hash->done += 128;
            compress(hash, 0);
            hash->held = 0;
        }
        int64_t some = 128 - hash->held < size ? 128 - hash->held : size;
        memcpy(hash->block + hash->held, data, (size_t)some);
        hash->held += some;
        data += some;
        size -= some;
    }
}

/* The digest, of `length` <= 8 bytes, of `count` pieces with a zero byte between them, in 2 * length hexadecimal digits. */
void digest(const uint8_t *const *pieces, const int64_t *sizes, int64_t count, int64_t length, uint8_t *hex) {
    Hash hash = {{0}, 0, {0}, 0};
    memcpy(hash.state, START, sizeof START);
    hash.state[0] ^= UINT64_C(0x01010000) ^ (uint64_t)length;
    for (int64_t piece = 0; piece < count; piece++) {
        if (piece) take(&hash, (const uint8_t *)"", 1);
        take(&hash, pieces[piece], sizes[piece]);
    }
    memset(hash.block + hash.held, 0, (size_t)(128 - hash.held));
    hash.done += (uint64_t)hash.held;
    compress(&hash, ~(uint64_t)0);
    for (int64_t at = 0; at < length; at++) {
        uint8_t byte = (uint8_t)(hash.state[0] >> 8 * at);
        hex[2 * at] = (uint8_t)"0123456789abcdef"[byte >> 4];
        hex[2 * at + 1] = (uint8_t)"0123456789abcdef"[byte & 15];
    }
}
