/* Why documents go, as JSON: what ledgers, dropped documents and clusters say about each. */
#include "written.h"

enum { SHARES = 6, LOOKED_AT = 4 }; /* shares of a member; from that one on -1 where nobody looked */
enum { KEY = 8 };                   /* bytes of the digest that a proposal is called by */

/* What stands in `reasons` and `clusters` for `count` members: an entry each. */
typedef struct {
    Names ids, relations, whys;
    const int64_t *relation, *why, *shares;
} Members;

/* The names of clusters, ASCII of at most `width` bytes each, with zeros behind the shorter ones. */
typedef struct {
    const uint8_t *data;
    int64_t width;
} Clusters;

static uint8_t *put_cluster(uint8_t *out, Clusters clusters, int64_t number) {
    const uint8_t *name = clusters.data + number * clusters.width, *end = memchr(name, 0, (size_t)clusters.width);
    out = PUT(out, "\"cluster\":\"");
    out = put(out, name, end ? end - name : clusters.width);
    return PUT(out, "\"");
}

static uint8_t *put_figures(uint8_t *out, const Members *all, int64_t number) {
    static const char *const titles[SHARES] = {
        ",\"jaccard\":", ",\"containment\":", ",\"contains\":", ",\"covered\":", ",\"canonical_jaccard\":", ",\"aligned\":",
    };
    const int64_t *shares = all->shares + SHARES * number;
    out = PUT(out, "\"relation\":");
    out = put_string(out, all->relations, all->relation[number]);
    for (int64_t at = 0; at < (shares[SHARES - 1] < 0 ? LOOKED_AT : SHARES); at++) {
        out = put(out, (const uint8_t *)titles[at], (int64_t)strlen(titles[at]));
        out = put_share(out, shares[at]);
    }
    return out;
}

/*
 * Why `count` members go: of each an object of JSON without its last brace, one behind the other, ends[count].
 * ids: those of the documents that stay. relations, whys: strings, which relation[count] and why[count] number. shares[count][SHARES]:
 * in ten thousandths. home[count]: the number of the cluster, -1 for none. out: 6 bytes for one of ids and strings, and 400 + width
 * a member.
 */
KERNEL void reasons(int64_t count, const uint8_t *ids, const int64_t *id_ends, const uint8_t *relations, const int64_t *relation_ends,
                    const int64_t *relation, const uint8_t *whys, const int64_t *why_ends, const int64_t *why, const int64_t *shares,
                    const uint8_t *clusters, int64_t width, const int64_t *home, const int64_t *bands, uint8_t *out, int64_t *ends) {
    const Members all = {{ids, id_ends}, {relations, relation_ends}, {whys, why_ends}, relation, why, shares};
    const Clusters names = {clusters, width};
    uint8_t *at = out;
    for (int64_t number = 0; number < count; number++) {
        at = PUT(at, "{\"duplicate_of\":");
        at = put_string(at, all.ids, number);
        *at++ = ',';
        at = put_figures(at, &all, number);
        *at++ = ',';
        if (home[number] >= 0) {
            at = put_cluster(at, names, home[number]);
            *at++ = ',';
        }
        at = PUT(at, "\"keep_reason\":");
        at = put_string(at, all.whys, why[number]);
        at = PUT(at, ",\"bands\":");
        at = put_number(at, bands[number]);
        ends[number] = at - out;
    }
}

/*
 * `count` clusters as lines of JSON, ends[count]: cluster n, called clusters[n], has the members bounds[n] to bounds[n + 1].
 * ids: of the members; kept: of the documents that stay, why[count] the reason. The rest is as for `reasons`; out: 200 + width a
 * cluster beside what there is for members and ids.
 */
KERNEL void cluster_lines(int64_t count, const int64_t *bounds, const uint8_t *ids, const int64_t *id_ends, const uint8_t *relations,
                          const int64_t *relation_ends, const int64_t *relation, const uint8_t *whys, const int64_t *why_ends,
                          const int64_t *why, const int64_t *shares, const uint8_t *kept, const int64_t *kept_ends,
                          const uint8_t *clusters, int64_t width, uint8_t *out, int64_t *ends) {
    const Members all = {{ids, id_ends}, {relations, relation_ends}, {whys, why_ends}, relation, why, shares};
    const Names stay = {kept, kept_ends};
    const Clusters names = {clusters, width};
    uint8_t *at = out;
    for (int64_t number = 0; number < count; number++) {
        *at++ = '{';
        at = put_cluster(at, names, number);
        at = PUT(at, ",\"kept\":");
        at = put_string(at, stay, number);
        at = PUT(at, ",\"keep_reason\":");
        at = put_string(at, all.whys, why[number]);
        at = PUT(at, ",\"members\":[");
        for (int64_t member = bounds[number]; member < bounds[number + 1]; member++) {
            at = PUT(at, "{\"id\":");
            at = put_string(at, all.ids, member);
            *at++ = ',';
            at = put_figures(at, &all, member);
            at = PUT(at, "},");
        }
        at -= bounds[number] < bounds[number + 1];
        at = PUT(at, "]}\n");
        ends[number] = at - out;
    }
}

/* Digests of `count` strings, of `length` <= 8 bytes, in hexadecimal digits: out[count][2 * length]. */
KERNEL void name_digests(const uint8_t *names, const int64_t *ends, int64_t count, int64_t length, uint8_t *out) {
    const Names all = {names, ends};
    for (int64_t number = 0; number < count; number++, out += 2 * length) {
        int64_t size;
        const uint8_t *name = name_at(all, number, &size);
        digest(&name, &size, 1, length, out);
    }
}

/* ------------------------------------------------------------------------------------------------------ finished parts */
/* What becomes of a line. */
enum { KEEP, PASS, DROP };

/* What is written about documents that go: `where` writes one to the ledger or behind its line. */
typedef struct {
    Names ids, rules, reasons, shown;
    const int64_t *rule, *score, *passage;
    int64_t step;
} Drops;

static uint8_t *put_why(uint8_t *out, const Drops *all, int64_t number) {
    int64_t size;
    const uint8_t *reason = name_at(all->reasons, number, &size);
    out = put(out, reason, size);
    if (all->passage[number]) {
        out = PUT(out, ",\"shared\":");
        out = put_string(out, all->shown, number);
    }
    *out++ = '}';
    return out;
}

/* The rule, with its stage before it, and the score. */
static uint8_t *put_rule(uint8_t *out, const Drops *all, int64_t number) {
    int64_t size;
    const uint8_t *rule = name_at(all->rules, all->rule[number], &size), *end = memchr(rule, '/', (size_t)size);
    out = PUT(out, "\"stage\":\"");
    out = put(out, rule, end ? end - rule : size);
    out = PUT(out, "\",\"rule\":\"");
    return PUT(put(out, rule, size), "\"");
}

/* A row of the ledger. */
static uint8_t *put_row(uint8_t *out, const Drops *all, int64_t row, int64_t number) {
    const uint8_t *key[2];
    int64_t sizes[2];
    key[0] = name_at(all->ids, row, sizes);
    key[1] = name_at(all->rules, all->rule[number], sizes + 1);
    out = PUT(out, "{\"doc\":");
    out = put_string(out, all->ids, row);
    out = PUT(out, ",\"step\":");
    out = put_number(out, all->step);
    *out++ = ',';
    out = put_rule(out, all, number);
    out = PUT(out, ",\"action\":\"drop\",\"start\":null,\"end\":null,\"before\":null,\"after\":null,\"score\":");
    out = put_share(out, all->score[number]);
    out = PUT(out, ",\"decision\":\"apply\",\"by\":\"policy\",\"key\":\"");
    digest(key, sizes, 2, KEY, out);
    out = PUT(out + 2 * KEY, "\",\"why\":");
    return PUT(put_why(out, all, number), "}\n");
}

/*
 * Lines first <= row < after, line n being lines[ends[n - 1] .. ends[n]), to where they belong, in order: what[row] KEEP into `corpus`,
 * PASS into `dropped`, DROP into `dropped` with the reason at its end, and a row into `ledger`; number[row] says which of the drops
 * it is. ids: of all rows. rules: strings, which rule[drops] numbers; score[drops] in ten thousandths; reasons as the kernel of that
 * name made them; shown: passages, where passage[drops] is not 0. Into sizes[3]: the bytes of each. Room: for corpus and dropped the
 * bytes of their lines, and a drop in dropped and ledger each 6 times its id and shown passage, its reason, twice its rule and 400.
 */
KERNEL void route_lines(const uint8_t *lines, const int64_t *ends, int64_t first, int64_t after, const uint8_t *what,
                        const int64_t *number, const uint8_t *ids, const int64_t *id_ends, const uint8_t *rules,
                        const int64_t *rule_ends, const int64_t *rule, const int64_t *score, const uint8_t *reasons,
                        const int64_t *reason_ends, const uint8_t *shown, const int64_t *shown_ends, const int64_t *passage, int64_t step,
                        uint8_t *corpus, uint8_t *dropped, uint8_t *ledger, int64_t *sizes) {
    const Drops all = {{ids, id_ends}, {rules, rule_ends}, {reasons, reason_ends}, {shown, shown_ends}, rule, score, passage, step};
    uint8_t *kept = corpus, *gone = dropped, *rows = ledger;
    for (int64_t row = first; row < after; row++) {
        int64_t size;
        const uint8_t *line = name_at((Names){lines, ends}, row, &size);
        if (what[row] == KEEP) {
            kept = put(kept, line, size);
        } else if (what[row] == PASS) {
            gone = put(gone, line, size);
        } else {
            gone = PUT(put(gone, line, size - 2), ",\"drop\":{"); /* instead of the last brace and the break */
            gone = PUT(put_rule(gone, &all, number[row]), ",\"score\":");
            gone = PUT(put_share(gone, score[number[row]]), ",\"why\":");
            gone = PUT(put_why(gone, &all, number[row]), "}}\n");
            rows = put_row(rows, &all, row, number[row]);
        }
    }
    sizes[0] = kept - corpus;
    sizes[1] = gone - dropped;
    sizes[2] = rows - ledger;
}

/* Whether each of `count` lines, at rows[count], holds `name` in the usual spelling, its last two bytes being a brace and a break. */
KERNEL void lines_saying(const uint8_t *lines, const int64_t *ends, const int64_t *rows, int64_t count, const uint8_t *name,
                         int64_t size, uint8_t *found) {
    for (int64_t one = 0; one < count; one++) {
        int64_t length;
        const uint8_t *line = name_at((Names){lines, ends}, rows[one], &length);
        int64_t at = length - size;
        if (length > 1 && line[length - 2] == '}' && line[length - 1] == '\n')
            while (at >= 0 && (line[at] != name[0] || memcmp(line + at, name, (size_t)size))) at--;
        else
            at = -1;
        found[one] = at >= 0;
    }
}
