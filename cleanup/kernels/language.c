/* py3langid's model: the walk of its automaton over bytes, and what the features that are found say for every label. */
#include "kernels.h"

#define WAYS 8 /* texts that are walked together: the processor waits for the memory of all of them at once */
#define PIECE 16
#define TOGETHER 8 /* values that are added up in 16 bits */
#define LINE 32    /* of them in a cache line */

#if defined(__GNUC__)
#define PREFETCH(place) __builtin_prefetch(place)
#else
#define PREFETCH(place) ((void)(place))
#endif

/*
 * The feature that ends at each byte of `ways` texts, at most WAYS, the first of which begins at data[begin]; a number for
 * none. A text * ends at ends[]; the automaton starts anew with each. The row of 256 next states of a state is made of 16 pieces of 16, of which
 * no two are alike: piece number pieces[row[state] * 16 + byte / 16] of `next`.
 */
static void walk(const uint8_t *data, int64_t begin, const int64_t *ends, int64_t ways, const uint32_t *row, const uint32_t *pieces,
                 const uint32_t *next, const int32_t *feature, int32_t *found) {
    uint32_t state[WAYS] = {0};
    int64_t start[WAYS], size[WAYS], longest = 0;
    for (int64_t way = 0; way < ways; way++) {
        start[way] = way ? ends[way - 1] : begin;
        size[way] = ends[way] - start[way];
        longest = size[way] > longest ? size[way] : longest;
    }
    for (int64_t at = 0; at < longest; at++) {
        for (int64_t way = 0; way < ways; way++) {
            if (at < size[way]) {
                uint8_t byte = data[start[way] + at];
                uint32_t piece = pieces[(size_t)row[state[way]] * PIECE + byte / PIECE];
                state[way] = next[(size_t)piece * PIECE + byte % PIECE];
                found[start[way] + at] = feature[state[way]];
            }
        }
    }
}

/*
 * Which features are among found[size], each once, the rare ones first and otherwise in the order in which they come; written
 * over the beginning of `found`. Returns how many. How often each is there stands in times[features] then. Where there is none,
 * `found` has the number `none`, of which times[none] says that it is there. `room` has 2 * size + 2.
 */
static int64_t distinct(int32_t *found, int64_t size, int32_t *times, int32_t *room) {
    int64_t count = 0, most = 0;
    int32_t *first = room, *places = room + size;
    for (int64_t at = 0; at < size; at++) {
        first[count] = found[at];
        count += times[found[at]]++ == 0;
    }
    for (int64_t at = 0; at < count; at++)
        most = times[first[at]] > most ? times[first[at]] : most;
    memset(places, 0, (size_t)(most + 2) * sizeof *places);
    for (int64_t at = 0; at < count; at++)
        places[times[first[at]] + 1]++;
    for (int64_t at = 1; at < most + 2; at++)
        places[at] += places[at - 1];
    for (int64_t at = 0; at < count; at++)
        found[places[times[first[at]]]++] = first[at];
    return count;
}

/* Have the rows brought from memory that are needed next but TOGETHER. */
static void fetch(const int32_t *features, int64_t count, int64_t rows, const uint16_t *dense, int64_t labels) {
    for (int64_t place = TOGETHER; place < count && place < 2 * TOGETHER; place++) {
        if (features[place] < rows) {
            const uint16_t *worth = dense + (size_t)features[place] * (size_t)labels;
            for (int64_t name = 0; name < labels; name += LINE)
                PREFETCH(worth + name);
        }
    }
}

/*
 * Add to sums[labels] what `count` features are worth to each label, in whole units. The first `rows` features have a row of their
 * own in dense[rows + 1][labels], the last of which is zeros; of the others only what is more than nothing is listed: labels
 * label[begin[i]..begin[i + 1]] and value[]. No value is above 65535 / TOGETHER.
 */
static void add(const int32_t *features, int64_t count, int64_t rows, const uint16_t *dense, const uint32_t *begin,
                const uint8_t *label, const uint16_t *value, int64_t labels, int32_t *sums) {
    for (int64_t first = 0; first < count; first += TOGETHER) {
        const uint16_t *worth[TOGETHER];
        fetch(features + first, count - first, rows, dense, labels);
        for (int64_t place = 0; place < TOGETHER; place++) {
            int64_t one = first + place < count ? features[first + place] : rows;
            worth[place] = dense + (size_t)(one < rows ? one : rows) * (size_t)labels;
            if (one > rows || (one == rows && first + place < count)) {
                for (uint32_t entry = begin[one - rows]; entry < begin[one - rows + 1]; entry++)
                    sums[label[entry]] += value[entry];
            }
        }
        for (int64_t name = 0; name < labels; name++) {
            uint16_t some = 0;
            for (int64_t place = 0; place < TOGETHER; place++)
                some = (uint16_t)(some + worth[place][name]);
            sums[name] += some;
        }
    }
}

/*
 * The scores of `texts` texts for each of `labels` labels, out[texts][labels]; how many features each has, kinds[texts]; and the sum
 * of their weights, weights[texts]. Text i is data[ends[i - 1]..ends[i]], the first begins at 0.
 *
 * weight[n] is what a feature counts that is there n times, for every n up to the size of the longest text in bytes; prior[labels]
 * and least[labels] what a label has to begin with, and then at least for every feature, in units of `unit`. The sums of features
 * that are there equally often are whole numbers below 2^31, and so exact; then come a few steps in a fixed order.
 * times[features + 1] are zeros, before and after; found[bytes of all texts]; room[2 * longest text + 2]; sums[labels].
 */
KERNEL void language_scores(const uint8_t *data, const int64_t *ends, int64_t texts, const uint32_t *row, const uint32_t *pieces,
                            const uint32_t *next, const int32_t *feature, int64_t rows, const uint16_t *dense, const uint32_t *begin,
                            const uint8_t *label, const uint16_t *value, int64_t labels, const double *prior, const int32_t *least,
                            double unit, const double *weight, int64_t features, int32_t *times, int32_t *found, int32_t *room,
                            int32_t *sums, double *out, int64_t *kinds, double *weights) {
    for (int64_t text = 0; text < texts; text += WAYS) {
        int64_t ways = texts - text < WAYS ? texts - text : WAYS;
        walk(data, text ? ends[text - 1] : 0, ends + text, ways, row, pieces, next, feature, found);
    }
    for (int64_t text = 0; text < texts; text++, out += labels) {
        int64_t start = text ? ends[text - 1] : 0;
        int32_t *those = found + start;
        times[features] = 1; /* stands for no feature, which is never new */
        int64_t count = distinct(those, ends[text] - start, times, room);
        kinds[text] = count;
        weights[text] = 0.0;
        memcpy(out, prior, (size_t)labels * sizeof *out);
        for (int64_t at = 0, last; at < count; at = last) {
            for (last = at + 1; last < count && times[those[last]] == times[those[at]]; last++)
                ;
            double factor = weight[times[those[at]]];
            for (int64_t name = 0; name < labels; name++)
                sums[name] = least[name] * (int32_t)(last - at);
            add(those + at, last - at, rows, dense, begin, label, value, labels, sums);
            weights[text] += factor * (double)(last - at);
            for (int64_t name = 0; name < labels; name++)
                out[name] += factor * unit * sums[name];
        }
        for (int64_t at = 0; at < count; at++)
            times[those[at]] = 0;
        times[features] = 0;
    }
}
