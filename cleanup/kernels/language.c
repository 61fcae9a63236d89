/* py3langid's model: the walk of its automaton over bytes, and what the features that are found say for every label. */
#include "kernels.h"

#include <float.h>

#define WAYS 16 /* texts that are walked together: the processor waits for the memory of all of them at once */
#define PIECE 16
#define TOGETHER 8 /* values that are added up in 16 bits */

/*
 * The feature that ends at each byte of `ways` texts, at most WAYS, one text after the other; a number for none. Text i is
 * size[i] bytes at address where[i]; the automaton starts anew with each, in row 0. A row of 256 steps is made of 16 pieces of
 * 16, of which no two are alike: piece number pieces[row * 16 + byte / 16] of `next`. A step is the row that comes next and,
 * above its 32 bits, the feature that ends there: two look-ups a byte, as it is memory that takes the time.
 */
static void walk(const uint64_t *where, const int64_t *size, int64_t ways, const uint16_t *pieces, const uint64_t *next,
                 int32_t *found) {
    const uint8_t *data[WAYS];
    int32_t *into[WAYS];
    uint32_t row[WAYS] = {0};
    int64_t longest = 0;
    for (int64_t way = 0; way < ways; way++) {
        data[way] = (const uint8_t *)(uintptr_t)where[way];
        into[way] = found;
        found += size[way];
        longest = size[way] > longest ? size[way] : longest;
    }
    for (int64_t at = 0; at < longest; at++) {
        for (int64_t way = 0; way < ways; way++) {
            if (at < size[way]) {
                uint8_t byte = data[way][at];
                uint64_t step = next[(size_t)pieces[(size_t)row[way] * PIECE + byte / PIECE] * PIECE + byte % PIECE];
                row[way] = (uint32_t)step;
                into[way][at] = (int32_t)(step >> 32);
            }
        }
    }
}

/*
 * Which features are among found[size], each once, the rare ones first and otherwise in the order in which they come; written
 * over the beginning of `found`. Returns how many. How often each is there stands in times[features] then. Where there is none,
 * `found` has the number `none`, of which times[none] says that it is there. `room` has 3 * size + 2.
 */
static int64_t distinct(int32_t *found, int64_t size, int32_t *times, int32_t *room) {
    int64_t count = 0, once = 0, more = 0, most = 0;
    int32_t *first = room, *several = room + size, *places = room + 2 * size;
    for (int64_t at = 0; at < size; at++) {
        first[count] = found[at];
        count += times[found[at]]++ == 0;
    }
    for (int64_t at = 0; at < count; at++) {
        int32_t number = times[first[at]];
        found[once] = several[more] = first[at];
        once += number == 1;
        more += number > 1;
        most = number > most ? number : most;
    }
    memset(places, 0, (size_t)(most + 2) * sizeof *places);
    for (int64_t at = 0; at < more; at++)
        places[times[several[at]] + 1]++;
    for (int64_t at = 1; at < most + 2; at++)
        places[at] += places[at - 1];
    for (int64_t at = 0; at < more; at++)
        found[once + places[times[several[at]]]++] = several[at];
    return count;
}

/*
 * Add to sums[labels] what `count` features are worth to each label, in whole units. The first `rows` features have a row of
 * their own in dense[rows + 1][labels], the last of which is zeros; of the others only what is more than nothing is listed:
 * labels label[begin[i]..begin[i + 1]] and value[]. No value is above 65535 / TOGETHER.
 */
static void add(const int32_t *features, int64_t count, int64_t rows, const uint16_t *dense, const uint32_t *begin,
                const uint8_t *label, const uint16_t *value, int64_t labels, int32_t *sums) {
    for (int64_t first = 0; first < count; first += TOGETHER) {
        const uint16_t *worth[TOGETHER];
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
 * The scores of one text for all labels, scores[labels], of `count` features as `distinct` gives them; returns the sum of
 * weights.
 */
static double add_up(const int32_t *features, int64_t count, const int32_t *times, int64_t rows, const uint16_t *dense,
                     const uint32_t *begin, const uint8_t *label, const uint16_t *value, int64_t labels, const double *prior,
                     const int32_t *least, double unit, const double *weight, int32_t *sums, double *scores) {
    double weights = 0.0;
    memcpy(scores, prior, (size_t)labels * sizeof *scores);
    for (int64_t at = 0, last; at < count; at = last) {
        for (last = at + 1; last < count && times[features[last]] == times[features[at]]; last++)
            ;
        double factor = weight[times[features[at]]];
        for (int64_t name = 0; name < labels; name++)
            sums[name] = least[name] * (int32_t)(last - at);
        add(features + at, last - at, rows, dense, begin, label, value, labels, sums);
        weights += factor * (double)(last - at);
        for (int64_t name = 0; name < labels; name++)
            scores[name] += factor * unit * sums[name];
    }
    return weights;
}

/*
 * The scores of `texts` texts for each of `columns` languages, out[texts][columns], the higher one where two of the `labels`
 * labels are of one language, column[labels]; how many features each text has, kinds[texts]; the sum of their weights,
 * weights[texts]; and by how much the best language is better than the second, margin[texts]. Text i is size[i] bytes at
 * address where[i].
 *
 * weight[n] is what a feature counts that is there n times, for every n up to the size of the longest text in bytes;
 * prior[labels] and least[labels] what a label has to begin with, and then at least for every feature, in units of `unit`.
 * The sums of features that are there equally often are whole numbers below 2^31, and so exact; then come a few steps in a
 * fixed order. times[features + 1] are zeros, before and after; found[bytes of all texts]; room[3 * longest text + 2];
 * sums[labels]; scores[labels].
 */
KERNEL void language_scores(const uint64_t *where, const int64_t *size, int64_t texts, const uint16_t *pieces,
                            const uint64_t *next, int64_t rows, const uint16_t *dense, const uint32_t *begin,
                            const uint8_t *label, const uint16_t *value, int64_t labels, const int32_t *column,
                            int64_t columns, const double *prior, const int32_t *least,
                            double unit, const double *weight, int64_t features, int32_t *times, int32_t *found, int32_t *room,
                            int32_t *sums, double *scores, double *out, int64_t *kinds, double *weights, double *margin) {
    for (int64_t text = 0, start = 0; text < texts; text += WAYS) {
        int64_t ways = texts - text < WAYS ? texts - text : WAYS;
        walk(where + text, size + text, ways, pieces, next, found + start);
        for (int64_t way = 0; way < ways; way++)
            start += size[text + way];
    }
    int32_t *those = found;
    for (int64_t text = 0; text < texts; those += size[text++], out += columns) {
        double best = -DBL_MAX, second = -DBL_MAX;
        times[features] = 1; /* stands for no feature, which is never new */
        int64_t count = distinct(those, size[text], times, room);
        kinds[text] = count;
        weights[text] = add_up(those, count, times, rows, dense, begin, label, value, labels, prior, least, unit, weight, sums,
                               scores);
        for (int64_t name = 0; name < columns; name++)
            out[name] = -DBL_MAX;
        for (int64_t name = 0; name < labels; name++)
            out[column[name]] = out[column[name]] > scores[name] ? out[column[name]] : scores[name];
        for (int64_t name = 0; name < columns; name++) {
            double lower = out[name] > best ? best : out[name];
            best = out[name] > best ? out[name] : best;
            second = lower > second ? lower : second;
        }
        margin[text] = best - second;
        for (int64_t at = 0; at < count; at++)
            times[those[at]] = 0;
        times[features] = 0;
    }
}

/* exp(-x) for x from 0 to 60, the same on every processor. */
static double fading(double x) {
    double part = x * (1.0 / 256);
    double power = 1.0 / 24 + part * (1.0 / 120 + part * (1.0 / 720));
    power = 1.0 + part * (1.0 + part * (1.0 / 2 + part * (1.0 / 6 + part * power)));
    for (int twice = 0; twice < 8; twice++)
        power *= power;
    return 1.0 / power;
}

/*
 * The likeliest language of each of `texts` texts, best[texts], and its probability, share[texts]: of scores
 * raw[texts][columns], tempered by root[texts], language[columns] says which of `languages` a column counts for.
 * room[columns + languages].
 */
KERNEL void language_best(const double *raw, int64_t texts, int64_t columns, const double *root, const int32_t *language,
                          int64_t languages, double *room, int32_t *best, double *share) {
    double *likely = room, *sums = room + columns;
    for (int64_t text = 0; text < texts; text++, raw += columns) {
        double top = raw[0], total = 0.0;
        for (int64_t name = 1; name < columns; name++)
            top = raw[name] > top ? raw[name] : top;
        for (int64_t name = 0; name < columns; name++) {
            double behind = (top - raw[name]) * (1.0 / root[text]);
            likely[name] = fading(behind < 60.0 ? behind : 60.0);
        }
        memset(sums, 0, (size_t)languages * sizeof *sums);
        for (int64_t name = 0; name < columns; name++) {
            sums[language[name]] += likely[name];
            total += likely[name];
        }
        double most = -1.0;
        for (int64_t name = 0; name < languages; name++) {
            best[text] = sums[name] > most ? (int32_t)name : best[text];
            most = sums[name] > most ? sums[name] : most;
        }
        share[text] = most / total;
    }
}

/*
 * Which of at most 64 words of up to eight letters data[size] has, as bits, between blanks and controls; `between`: those
 * that stand between two spaces. The table of words has 256 places: a word, its bytes as a number, lies at the place that
 * its product says, or the next that was free; bits[256] says which bit is its; 0 is no word.
 */
static uint64_t has_words(const uint8_t *data, int64_t size, const uint64_t *words, const uint64_t *bits, uint64_t *between) {
    uint64_t found = 0;
    *between = 0;
    for (int64_t at = 0; at < size; at++) {
        uint64_t word = 0;
        int64_t first = at;
        for (int shift = 0; at < size && data[at] > ' '; at++, shift += 8)
            word |= (uint64_t)data[at] << (shift & 63);
        if (at == first || at - first > 8)
            continue;
        uint64_t place = word * GOLDEN >> 56;
        while (words[place] && words[place] != word)
            place = (place + 1) & 255;
        uint64_t bit = words[place] ? bits[place] : 0;
        found |= bit;
        if (first > 0 && data[first - 1] == ' ' && at < size && data[at] == ' ')
            *between |= bit;
    }
    return found;
}

/*
 * Where the character begins that comes `characters` characters after the one at data[at]; `size` where the text is over by
 * then.
 */
static int64_t forward(const uint8_t *data, int64_t at, int64_t size, int64_t characters) {
    while (characters >= 64 && at + 64 <= size) {
        uint8_t some = 0; /* of few bits, so that the processor counts many bytes at once */
        for (int64_t byte = 0; byte < 64; byte++)
            some = (uint8_t)(some + is_first(data[at + byte]));
        characters -= some;
        at += 64;
    }
    for (; at < size; at++) {
        if (is_first(data[at]) && characters-- == 0)
            return at;
    }
    return size;
}

/*
 * The first `most` characters of each text: head[texts] gets the size in bytes; plain[texts] whether py3langid takes them as
 * they are, which is not looked at closely: letters below U+0300, and general punctuation, compose with nothing, and a small
 * letter shows that not all are capitals. Text i is size[i] bytes of UTF-8 at address where[i].
 */
KERNEL void language_heads(const uint64_t *where, const int64_t *size, int64_t texts, int64_t most, int64_t *head,
                           uint8_t *plain) {
    for (int64_t text = 0; text < texts; text++) {
        const uint8_t *data = (const uint8_t *)(uintptr_t)where[text];
        int64_t end = forward(data, 0, size[text], most);
        int small = 0, other = 0;
        for (int64_t at = 0; at < end; at++) {
            small |= data[at] >= 'a' && data[at] <= 'z';
            other |= data[at] >= 0xCC;
        }
        for (int64_t at = 0; other && at < end; at++) {
            if (data[at] >= 0xCC && !(end - at > 2 && data[at] == 0xE2 && data[at + 1] == 0x80 && data[at + 2] >= 0x90))
                break;
            other = at + 1 < end;
        }
        head[text] = end;
        plain[text] = (uint8_t)(small && !other);
    }
}

/*
 * The words of two pieces of `window` characters of each text, one from the middle and one from the end: found[texts][2] and
 * between[texts][2], see above. Where a text has fewer than three times as many it is one from the begin and one from the end, and
 * where it has not even twice as many, nothing. Text i is the UTF-8 of characters[i]
 * characters at address where[i], of size[i] bytes.
 */
KERNEL void language_words(const uint64_t *where, const int64_t *size, const int64_t *characters, int64_t texts, int64_t window,
                           const uint64_t *words, const uint64_t *bits, uint64_t *found, uint64_t *between) {
    for (int64_t text = 0; text < texts; text++, found += 2, between += 2) {
        const uint8_t *data = (const uint8_t *)(uintptr_t)where[text];
        int64_t middle = characters[text] < 3 * window ? 0 : characters[text] / 2, all = size[text];
        found[0] = found[1] = between[0] = between[1] = 0;
        if (characters[text] < 2 * window)
            continue;
        int64_t first = forward(data, 0, all, middle), last = forward(data, first, all, characters[text] - window - middle);
        found[0] = has_words(data + first, forward(data, first, all, window) - first, words, bits, between);
        found[1] = has_words(data + last, all - last, words, bits, between + 1);
    }
}
