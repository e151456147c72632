/* What is known of the columns before the first pass, and rows without their zeros. See passes.c for the types. */

#include <stdint.h>
#include <string.h>

#define JOIN2(name, real, level) name##_##real##_##level
#define JOIN(name, real, level) JOIN2(name, real, level)
#define NAME(name) JOIN(name, REAL, LEVEL)

typedef int64_t idx;

enum { WHOLE, BYTES };

#define FLUSH 64

/* Adds to first, second (d): sums of mass (x - shift) and of mass (x - shift)^2 over rows first..last, by way of
   `room` (3 d). To entries (n): how many values of each row are not zero. */
void NAME(moments)(int kind, const void *values, idx d, idx from, idx to, const REAL *shift, const REAL *mass,
                   REAL *room, double *first, double *second, idx *entries) {
    REAL *one = room, *two = room + d, *wide = room + 2 * d;
    for (idx start = from; start < to; start += FLUSH) {
        idx end = start + FLUSH < to ? start + FLUSH : to;
        memset(room, 0, sizeof(REAL) * 2 * d);
        for (idx i = start; i < end; i++) {
            const REAL *x = (const REAL *)values + i * d;
            if (kind == BYTES) {
                const uint8_t *narrow = (const uint8_t *)values + i * d;
                for (idx j = 0; j < d; j++) wide[j] = narrow[j];
                x = wide;
            }
            REAL m = mass[i];
            INTEGER count = 0;
            for (idx j = 0; j < d; j++) {
                REAL t = x[j] - shift[j], mt = m * t;
                one[j] += mt, two[j] += mt * t;
                count += x[j] != 0;
            }
            entries[i] = count;
        }
        for (idx j = 0; j < d; j++) first[j] += one[j], second[j] += two[j];
    }
}

#define SLOTS 1024

static inline uint32_t slot_of(REAL value) {
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    bits *= 0x9E3779B97F4A7C15u;
    return (uint32_t)(bits >> 54);
}

/* Puts what is not zero in rows from..to (every step-th) into the hash (SLOTS of value and code + 1; 0 is free) and
   the table (256). Returns how many values there are then, or -1 when they are more than 256. */
int NAME(learn_table)(const REAL *values, idx d, idx from, idx to, idx step, REAL *slots, int16_t *codes,
                      REAL *table, int known) {
    for (idx i = from; i < to; i += step)
        for (idx j = 0; j < d; j++) {
            REAL v = values[i * d + j];
            if (v == 0) continue;
            uint32_t s = slot_of(v);
            while (codes[s] && slots[s] != v) s = (s + 1) % SLOTS;
            if (codes[s]) continue;
            if (known == 256) return -1;
            slots[s] = v, table[known] = v, codes[s] = (int16_t)++known;
        }
    return known;
}

/* Writes columns and codes, or without a hash values, of rows from..to; `room` holds d columns. Returns 0, or 1 when
   a value has no code. */
int NAME(pack)(int kind, const void *values, idx d, idx from, idx to, const idx *starts, uint16_t *room,
               uint16_t *columns, uint8_t *bytes, REAL *reals, const REAL *slots, const int16_t *codes) {
    for (idx i = from; i < to; i++) {
        idx m = 0, at = starts[i];
        if (kind == BYTES) {
            const uint8_t *x = (const uint8_t *)values + i * d;
            for (idx j = 0; j < d; j++) room[m] = (uint16_t)j, m += x[j] != 0;
            for (idx e = 0; e < m; e++) bytes[at + e] = x[room[e]];
        } else {
            const REAL *x = (const REAL *)values + i * d;
            for (idx j = 0; j < d; j++) room[m] = (uint16_t)j, m += x[j] != 0;
            for (idx e = 0; e < m; e++) {
                REAL v = x[room[e]];
                if (!codes) {
                    reals[at + e] = v;
                    continue;
                }
                uint32_t s = slot_of(v);
                while (codes[s] && slots[s] != v) s = (s + 1) % SLOTS;
                if (!codes[s]) return 1;
                bytes[at + e] = (uint8_t)(codes[s] - 1);
            }
        }
        memcpy(columns + at, room, sizeof(uint16_t) * m);
    }
    return 0;
}

/* The same entries by column: every `block` rows of from..to, which begin with a block. `room` holds d counts. */
void NAME(turn)(idx d, idx from, idx to, idx block, const idx *starts, const uint16_t *columns, const uint8_t *bytes,
                const REAL *reals, int32_t *room, int32_t *ends, uint8_t *within, uint8_t *across_bytes,
                REAL *across_reals) {
    for (idx start = from; start < to; start += block) {
        idx stop = start + block < to ? start + block : to, base = starts[start];
        int32_t *end = ends + start / block * d, at = 0;
        memset(room, 0, sizeof(int32_t) * d);
        for (idx e = base; e < starts[stop]; e++) room[columns[e]]++;
        for (idx j = 0; j < d; j++) at += room[j], end[j] = at, room[j] = at - room[j];
        for (idx i = start; i < stop; i++)
            for (idx e = starts[i]; e < starts[i + 1]; e++) {
                idx to_entry = base + room[columns[e]]++;
                within[to_entry] = (uint8_t)(i - start);
                if (bytes)
                    across_bytes[to_entry] = bytes[e];
                else
                    across_reals[to_entry] = reals[e];
            }
    }
}
