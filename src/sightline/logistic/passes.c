/* One pass over the rows: their scores, what the loss makes of them, and the sums that this leaves.

   Compiled once for every REAL (float, double) and every LEVEL of vector instructions; native.py picks. Only the
   vector types of GCC and Clang are used, no instruction by its name. Rows are stored whole, as numbers or bytes,
   or packed: only what is not zero, with its column (16 bits) and its value or a code of 8 bits into a table.

   A block of rows goes forward, through the loss and back while it is in the cache. Whole rows are copied there, each
   padded to whole vectors, and multiplied along their columns. Packed rows are multiplied along the classes: lane l of
   group g of column j is the weight of class g * LANES + l. Every PACKED_BLOCK of them is stored twice, by row for the
   way forward and by column for the way back: so a sum, of a row's scores or of a column's gradient, stays in a register
   and nothing is written for every entry.

   A sum over rows is kept in REAL for FLUSH rows at most, then added to one in double. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define JOIN2(name, real, level) name##_##real##_##level
#define JOIN(name, real, level) JOIN2(name, real, level)
#define NAME(name) JOIN(name, REAL, LEVEL)

#define MOST_LANES 128 /* classes, padded */
#if defined(__AVX512F__) || defined(__aarch64__)
#define MOST_CLASSES 5 /* at once: their sums fill the registers */
#else
#define MOST_CLASSES 3
#endif
#define INLINE static inline __attribute__((always_inline))
#define WIDTH (LANES * (int)sizeof(REAL))
#define ROWS 4          /* rows and columns of vectors that a group of classes is multiplied with at once */
#define PACKED_BLOCK 256 /* packed rows that go forward before they go back */
#define CACHE 200000     /* bytes of whole rows that do */
#define MOST_ROWS 128
#define FLUSH 512

typedef REAL vec __attribute__((vector_size(WIDTH), aligned(8), may_alias));
typedef INTEGER vec_bits __attribute__((vector_size(WIDTH), aligned(8), may_alias));
typedef int64_t idx;

enum { WHOLE, BYTES, VALUES, CODES };

typedef struct {
    int32_t kind;
    idx n, d;
    const void *values;      /* whole: (n, d) REAL or uint8; packed: one REAL or uint8 an entry */
    const idx *starts;       /* packed: where each row starts, n + 1 */
    const uint16_t *columns; /* packed: one an entry */
    const REAL *table;       /* codes: 256 values */
    const int32_t *ends;     /* packed, by column: (blocks, d), where each column ends, counted from its block */
    const uint8_t *within;   /* one an entry: its row within the block */
    const void *across;      /* one an entry: its value or code */
} Rows;

typedef struct {
    const Rows *rows;
    const idx *which; /* row numbers, of whole rows only, or NULL for all */
    idx first, last, classes;
    const REAL *weights; /* (classes, d) */
    const REAL *bias;    /* (classes) */
    REAL *room;          /* as much as room() says */
    double *sums;        /* (classes, d + 1), added to */
} Call;

/* A block of rows on its way, and its scores, then residuals, z (m, stride). `weights` and `sums` are laid out alike:
   whole (classes, width), packed (groups, d, LANES); `x` are whole rows (size, width). All start at a cache line. */
typedef struct {
    const Call *call;
    int squared;
    idx d, width, groups, stride, size, start, m;
    REAL *weights, *sums, *x, *z;
    REAL bias[MOST_LANES] __attribute__((aligned(64)));
} Block;

INLINE vec load(const REAL *from) { return *(const vec *)from; }
INLINE void store(REAL *to, vec v) { *(vec *)to = v; }

static idx row_of(const Call *call, idx i) { return call->which ? call->which[i] : i; }
static int is_whole(const Rows *rows) { return rows->kind == WHOLE || rows->kind == BYTES; }

static idx padded(idx count) { return (count + LANES - 1) / LANES * LANES; }

static idx rows_at_once(const Rows *rows) {
    idx most = CACHE / (padded(rows->d) * (idx)sizeof(REAL)) / ROWS * ROWS;
    return !is_whole(rows) ? PACKED_BLOCK : most < ROWS ? ROWS : most > MOST_ROWS ? MOST_ROWS : most;
}

static idx weights_size(const Rows *rows, idx classes) {
    return is_whole(rows) ? classes * padded(rows->d) : padded(classes) * rows->d;
}

static idx x_size(const Rows *rows) { return is_whole(rows) ? rows_at_once(rows) * padded(rows->d) : 0; }
static idx z_size(const Rows *rows, idx classes) { return rows_at_once(rows) * padded(classes); }

/* How many REALs of room a call needs. */
idx NAME(room)(const Rows *rows, idx classes) {
    return 2 * weights_size(rows, classes) + x_size(rows) + z_size(rows, classes) + 5 * 64 / (idx)sizeof(REAL);
}

static REAL *line(REAL *at) { return (REAL *)(((uintptr_t)at + 63) / 64 * 64); }

static void begin(Block *b, const Call *call, int squared) {
    const Rows *rows = call->rows;
    idx d = rows->d, size = weights_size(rows, call->classes), whole = is_whole(rows);
    b->call = call, b->squared = squared, b->d = d, b->width = padded(d);
    b->stride = padded(call->classes), b->groups = b->stride / LANES, b->size = rows_at_once(rows);
    b->weights = line(call->room), b->sums = line(b->weights + size), b->x = line(b->sums + size);
    b->z = line(b->x + x_size(rows));
    memset(b->weights, 0, sizeof(REAL) * size);
    memset(b->sums, 0, sizeof(REAL) * size);
    memset(b->bias, 0, sizeof b->bias);
    memset(b->z, 0, sizeof(REAL) * z_size(rows, call->classes));
    if (!call->weights) return;
    memcpy(b->bias, call->bias, sizeof(REAL) * call->classes);
    for (idx k = 0; k < call->classes; k++) {
        REAL *to = b->weights + (whole ? k * b->width : k / LANES * d * LANES + k % LANES);
        for (idx j = 0; j < d; j++) to[whole ? j : j * LANES] = call->weights[k * d + j];
    }
}

/* Takes the next rows, as far as there are any. */
static int next(Block *b, idx start) {
    const Call *call = b->call;
    const Rows *rows = call->rows;
    if (start >= call->last) return 0;
    idx most = is_whole(rows) ? b->size : b->size - start % b->size;
    b->start = start, b->m = call->last - start < most ? call->last - start : most;
    if (!is_whole(rows)) return 1;
    for (idx r = 0; r < b->m; r++) {
        idx at = row_of(call, start + r) * b->d;
        REAL *x = b->x + r * b->width;
        if (rows->kind == BYTES)
            for (idx j = 0; j < b->d; j++) x[j] = ((const uint8_t *)rows->values)[at + j];
        else
            memcpy(x, (const REAL *)rows->values + at, sizeof(REAL) * b->d);
        if (b->squared)
            for (idx j = 0; j < b->d; j++) x[j] *= x[j];
        for (idx j = b->d; j < b->width; j++) x[j] = 0;
    }
    for (idx r = b->m; r % ROWS; r++) memset(b->x + r * b->width, 0, sizeof(REAL) * b->width);
    return 1;
}

/* The lanes in another order: the two halves of every 2 n swapped. */
#if defined(__clang__) || __GNUC__ >= 12
#define ORDER(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#else
#define ORDER(v, ...) __builtin_shuffle(v, (vec_bits){__VA_ARGS__})
#endif
#if LANES == 16
#define FOLD(v, with)                                                              \
    v = with(v, ORDER(v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)), \
    v = with(v, ORDER(v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)), \
    v = with(v, ORDER(v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)), \
    v = with(v, ORDER(v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14))
#elif LANES == 8
#define FOLD(v, with)                                     \
    v = with(v, ORDER(v, 4, 5, 6, 7, 0, 1, 2, 3)), \
    v = with(v, ORDER(v, 2, 3, 0, 1, 6, 7, 4, 5)), \
    v = with(v, ORDER(v, 1, 0, 3, 2, 5, 4, 7, 6))
#elif LANES == 4
#define FOLD(v, with) v = with(v, ORDER(v, 2, 3, 0, 1)), v = with(v, ORDER(v, 1, 0, 3, 2))
#else
#define FOLD(v, with) v = with(v, ORDER(v, 1, 0))
#endif

/* C has no maximum of vectors: the bits of a where it is larger, of b elsewhere. */
INLINE vec larger(vec a, vec b) {
    vec_bits first = (vec_bits)(a > b);
    return (vec)(((vec_bits)a & first) | ((vec_bits)b & ~first));
}
INLINE vec plus(vec a, vec b) { return a + b; }

INLINE REAL lanes_sum(vec v) {
    FOLD(v, plus);
    return v[0];
}

/* ---- whole rows: ROWS of them, or of their vectors of columns, times a few classes at a time ---------------- */

INLINE void forward_few(Block *b, idx from, int classes) {
    const REAL *w = b->weights + from * b->width;
    for (idx r = 0; r < b->m; r += ROWS) {
        const REAL *x = b->x + r * b->width;
        vec sum[ROWS][MOST_CLASSES] = {0};
        for (idx j = 0; j < b->width; j += LANES)
#pragma GCC unroll 8
            for (int k = 0; k < classes; k++) {
                vec one = load(w + k * b->width + j);
#pragma GCC unroll 8
                for (int i = 0; i < ROWS; i++) sum[i][k] += one * load(x + i * b->width + j);
            }
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 8
            for (int k = 0; k < classes; k++)
                b->z[(r + i) * b->stride + from + k] = lanes_sum(sum[i][k]) + b->bias[from + k];
    }
}

INLINE void back_columns(Block *b, idx from, idx j, int classes, int columns) {
    REAL *to = b->sums + from * b->width + j;
    vec sum[MOST_CLASSES][ROWS];
#pragma GCC unroll 8
    for (int k = 0; k < classes; k++)
#pragma GCC unroll 8
        for (int c = 0; c < columns; c++) sum[k][c] = load(to + k * b->width + c * LANES);
    for (idx i = 0; i < b->m; i++) {
        const REAL *x = b->x + i * b->width + j, *r = b->z + i * b->stride + from;
#pragma GCC unroll 8
        for (int c = 0; c < columns; c++) {
            vec one = load(x + c * LANES);
#pragma GCC unroll 8
            for (int k = 0; k < classes; k++) sum[k][c] += one * r[k];
        }
    }
#pragma GCC unroll 8
    for (int k = 0; k < classes; k++)
#pragma GCC unroll 8
        for (int c = 0; c < columns; c++) store(to + k * b->width + c * LANES, sum[k][c]);
}

INLINE void back_few(Block *b, idx from, int classes) {
    idx j = 0;
    for (; j + ROWS * LANES <= b->width; j += ROWS * LANES) back_columns(b, from, j, classes, ROWS);
    for (; j < b->width; j += LANES) back_columns(b, from, j, classes, 1);
}

/* Calls few(block, first class, how many) until all classes have had their turn, in turns of nearly equal size. */
#define EACH_FEW(few, block)                                                                        \
    for (idx turns = ((block)->call->classes + MOST_CLASSES - 1) / MOST_CLASSES, t = 0; t < turns; t++) {  \
        idx from = (block)->call->classes * t / turns, to = (block)->call->classes * (t + 1) / turns;      \
        switch (to - from) {                                                                        \
        case 1: few(block, from, 1); break;                                                         \
        case 2: few(block, from, 2); break;                                                         \
        case 3: few(block, from, 3); break;                                                         \
        case 4: few(block, from, 4 < MOST_CLASSES ? 4 : MOST_CLASSES); break;                                                         \
        default: few(block, from, MOST_CLASSES);                                                    \
        }                                                                                           \
    }

/* ---- packed rows, one at a time -------------------------------------------------------------------- */

#define PLAIN_AT(e) (coded ? table[((const uint8_t *)values)[e]] : ((const REAL *)values)[e])
#define VALUE_AT(e) (squared ? PLAIN_AT(e) * PLAIN_AT(e) : PLAIN_AT(e))

INLINE void forward_packed(Block *b, idx groups, int coded, int squared) {
    const Rows *rows = b->call->rows;
    const REAL *table = rows->table;
    for (idx i = 0; i < b->m; i++) {
        idx row = b->start + i, first = rows->starts[row], size = rows->starts[row + 1] - first;
        const uint16_t *column = rows->columns + first;
        const void *values = (const char *)rows->values + first * (coded ? 1 : (idx)sizeof(REAL));
        for (idx g = 0; g < groups; g++) {
            const vec *w = (const vec *)b->weights + g * b->d;
            vec one = load(b->bias + g * LANES), two = {0}, three = {0}, four = {0};
            idx e = 0;
            for (; e + 4 <= size; e += 4) {
                one += w[column[e]] * VALUE_AT(e), two += w[column[e + 1]] * VALUE_AT(e + 1);
                three += w[column[e + 2]] * VALUE_AT(e + 2), four += w[column[e + 3]] * VALUE_AT(e + 3);
            }
            for (; e < size; e++) one += w[column[e]] * VALUE_AT(e);
            store(b->z + i * groups * LANES + g * LANES, (one + two) + (three + four));
        }
    }
}

INLINE void back_packed(Block *b, idx groups, int coded, int squared) {
    const Rows *rows = b->call->rows;
    idx base = rows->starts[b->start], d = b->d;
    const REAL *table = rows->table;
    const int32_t *ends = rows->ends + b->start / PACKED_BLOCK * d;
    const uint8_t *within = rows->within + base;
    const void *values = (const char *)rows->across + base * (coded ? 1 : (idx)sizeof(REAL));
    for (idx g = 0; g < groups; g++) {
        const REAL *z = b->z + g * LANES;
        vec *sums = (vec *)b->sums + g * d;
        for (idx j = 0, e = 0; j < d; j++) {
            idx end = ends[j];
            if (e == end) continue;
            vec one = sums[j], two = {0};
            for (; e + 2 <= end; e += 2) {
                one += load(z + within[e] * groups * LANES) * VALUE_AT(e);
                two += load(z + within[e + 1] * groups * LANES) * VALUE_AT(e + 1);
            }
            if (e < end) one += load(z + within[e] * groups * LANES) * VALUE_AT(e), e++;
            sums[j] = one + two;
        }
    }
}

/* What is known when this is compiled costs nothing in the innermost loops: most often one group of classes. */
#define EACH_KIND(pass, b, squared)                                                  \
    if ((b)->groups == 1) {                                                      \
        if ((b)->call->rows->kind == CODES) pass(b, 1, 1, squared);        \
        else pass(b, 1, 0, squared);                                       \
    } else {                                                                     \
        if ((b)->call->rows->kind == CODES) pass(b, (b)->groups, 1, squared); \
        else pass(b, (b)->groups, 0, squared);                             \
    }

/* ---- a block, forward and back ------------------------------------------------------------------------------ */

static void forward(Block *b) {
    if (is_whole(b->call->rows)) {
        EACH_FEW(forward_few, b)
    } else if (b->squared) {
        EACH_KIND(forward_packed, b, 1)
    } else {
        EACH_KIND(forward_packed, b, 0)
    }
}

static void back(Block *b) {
    if (is_whole(b->call->rows)) {
        EACH_FEW(back_few, b)
    } else if (b->squared) {
        EACH_KIND(back_packed, b, 1)
    } else {
        EACH_KIND(back_packed, b, 0)
    }
}

/* Adds the sums in REAL to those in double and clears them. */
static void flush(Block *b) {
    const Call *call = b->call;
    idx whole = is_whole(call->rows), d = b->d;
    for (idx k = 0; k < call->classes; k++) {
        const REAL *from = b->sums + (whole ? k * b->width : k / LANES * d * LANES + k % LANES);
        double *to = call->sums + k * (d + 1);
        for (idx j = 0; j < d; j++) to[j] += from[whole ? j : j * LANES];
    }
    memset(b->sums, 0, sizeof(REAL) * weights_size(call->rows, call->classes));
}

/* Back, with the last sums: those of the residuals themselves, and in double whatever has waited for FLUSH rows. */
static void finish(Block *b, idx *waiting) {
    const Call *call = b->call;
    for (idx g = 0; g < b->groups; g++) {
        vec sum = {0};
        for (idx i = 0; i < b->m; i++) sum += load(b->z + i * b->stride + g * LANES);
        for (idx k = g * LANES; k < call->classes && k < (g + 1) * LANES; k++)
            call->sums[k * (b->d + 1) + b->d] += sum[k % LANES];
    }
    back(b);
    *waiting += b->m;
    if (*waiting >= FLUSH || b->start + b->m >= call->last) flush(b), *waiting = 0;
}

/* ---- what the loss makes of scores ----------------------------------------------------------------- */

/* e^x for x <= 0: x = k log 2 + r, |r| <= log(2)/2, Taylor's polynomial of e^r, k put into the exponent. */
INLINE vec exponential(vec x) {
    const REAL shifter = sizeof(REAL) == 4 ? (REAL)12582912.0 : (REAL)6755399441055744.0; /* 1.5 * 2^mantissa */
    const REAL least = sizeof(REAL) == 4 ? (REAL)-87.0 : (REAL)-708.0;
    vec t = x * (REAL)1.44269504088896340736 + shifter;
    vec k = t - shifter;
    vec r = x - k * (REAL)0.693145751953125;
    r = r - k * (REAL)1.42860682030941723212e-6;
    vec p;
    if (sizeof(REAL) == 4) {
        p = r * (REAL)(1.0 / 720) + (REAL)(1.0 / 120);
    } else {
        p = r * (REAL)(1.0 / 479001600.0 / 13) + (REAL)(1.0 / 479001600.0);
        p = p * r + (REAL)(1.0 / 39916800.0);
        p = p * r + (REAL)(1.0 / 3628800.0);
        p = p * r + (REAL)(1.0 / 362880.0);
        p = p * r + (REAL)(1.0 / 40320.0);
        p = p * r + (REAL)(1.0 / 5040.0);
        p = p * r + (REAL)(1.0 / 720.0);
        p = p * r + (REAL)(1.0 / 120.0);
    }
    p = p * r + (REAL)(1.0 / 24);
    p = p * r + (REAL)(1.0 / 6);
    p = p * r + (REAL)0.5;
    p = p * r + 1;
    p = p * r + 1;
    vec_bits bits = (*(vec_bits *)&t) << (sizeof(REAL) == 4 ? 23 : 52); /* k sits in the last bits of t */
    vec_bits scaled = *(vec_bits *)&p + bits;
    vec_bits alive = ~(vec_bits)(x < least);
    scaled &= alive;
    return *(vec *)&scaled;
}

/* Sums losses. Without masses the logarithms of many rows are one, that of their product: every factor is at least 1
   and at most the number of classes, 128, and 64 of them at a time are far from the end of a double. */
typedef struct {
    double sum, product;
    int factors;
} Losses;

INLINE void settle(Losses *losses) {
    losses->sum += log(losses->product), losses->product = 1, losses->factors = 0;
}

/* One row of scores z becomes the residual p - onehot, its loss is added. Lanes without a class get a score that no
   class has. */
INLINE void softmax_row(REAL *z, idx groups, idx classes, idx own, const REAL *mass, Losses *losses) {
    for (idx k = classes; k < groups * LANES; k++) z[k] = (REAL)-1e30;
    vec top = load(z);
    for (idx g = 1; g < groups; g++) top = larger(top, load(z + g * LANES));
    FOLD(top, larger);
    REAL score = z[own] - top[0];
    vec sum = {0};
    for (idx g = 0; g < groups; g++) store(z + g * LANES, exponential(load(z + g * LANES) - top));
    REAL mine = z[own];
    z[own] = 0;
    for (idx g = 0; g < groups; g++) sum += load(z + g * LANES);
    REAL others = lanes_sum(sum), inverse = 1 / (mine + others);
    for (idx g = 0; g < groups; g++) store(z + g * LANES, load(z + g * LANES) * inverse);
    z[own] = -others * inverse;
    double rest = others, loss;
    if (score == 0 && rest < 1e-6) { /* log(1 + rest), of which a product would lose the digits */
        loss = rest - rest * rest / 2;
    } else if (mass) {
        loss = log(mine + rest) - score;
    } else {
        loss = -(double)score, losses->product *= mine + rest;
        if (++losses->factors == 64) settle(losses);
    }
    losses->sum += mass ? *mass * loss : loss;
}

INLINE void sigmoid_row(REAL *z, idx own, const REAL *mass, Losses *losses) {
    double sign = own ? -1 : 1, margin = z[0] * sign, small = exp(-fabs(margin));
    for (int l = 1; l < LANES; l++) z[l] = 0;
    z[0] = (REAL)(sign * (margin >= 0 ? 1 : small) / (1 + small));
    losses->sum += (mass ? *mass : 1) * ((margin > 0 ? margin : 0) + log1p(small));
}

/* ---- the calls ---------------------------------------------------------------------------------------------- */

/* Sum of the losses; to `sums` is added residual (x) (x, 1). `keep` (classes, n) takes the residuals, without mass. */
double NAME(residual_pass)(const Call *call, const int64_t *labels, const REAL *mass, REAL *keep, idx keep_stride) {
    Block b;
    Losses losses = {0, 1, 0};
    idx waiting = 0;
    begin(&b, call, 0);
    for (idx start = call->first; next(&b, start); start += b.m) {
        forward(&b);
        for (idx i = 0; i < b.m; i++) {
            REAL *z = b.z + i * b.stride;
            idx row = row_of(call, start + i);
            const REAL *own_mass = mass ? mass + row : 0;
            if (call->classes == 1)
                sigmoid_row(z, labels[row], own_mass, &losses);
            else
                softmax_row(z, b.groups, call->classes, labels[row], own_mass, &losses);
            if (keep)
                for (idx k = 0; k < call->classes; k++) keep[k * keep_stride + start + i] = z[k];
            if (mass)
                for (idx g = 0; g < b.groups; g++) store(z + g * LANES, load(z + g * LANES) * mass[row]);
        }
        finish(&b, &waiting);
    }
    settle(&losses);
    return losses.sum;
}

/* Adds H v over rows first..last of a sample: weights hold v, labels (m) the rows' classes, P (m, groups * LANES) their
   probabilities (for two classes p (1 - p)), `mass` (m) what each counts. Scores are measured from the row's own class:
   what is the same for all changes nothing, and digits are lost where one class has nearly all the probability. */
void NAME(curvature_pass)(const Call *call, const int64_t *labels, const REAL *P, const REAL *mass) {
    Block b;
    idx waiting = 0;
    begin(&b, call, 0);
    for (idx start = call->first; next(&b, start); start += b.m) {
        forward(&b);
        for (idx i = 0; i < b.m; i++) {
            REAL *z = b.z + i * b.stride, mean = 0, own = 0;
            const REAL *p = P + (start + i) * b.stride;
            if (call->classes > 1) {
                vec sum = {0};
                own = z[labels[start + i]];
                for (idx g = 0; g < b.groups; g++) sum += load(p + g * LANES) * (load(z + g * LANES) - own);
                mean = lanes_sum(sum);
            }
            for (idx g = 0; g < b.groups; g++)
                store(z + g * LANES, (load(z + g * LANES) - own - mean) * load(p + g * LANES) * mass[start + i]);
        }
        finish(&b, &waiting);
    }
}

/* Adds S (x) (x or x squared, 1) for S (classes, n). */
void NAME(back_pass)(const Call *call, const REAL *S, idx S_stride, int squared) {
    Block b;
    idx waiting = 0;
    begin(&b, call, squared);
    for (idx start = call->first; next(&b, start); start += b.m) {
        for (idx k = 0; k < call->classes; k++)
            for (idx i = 0; i < b.m; i++) b.z[i * b.stride + k] = S[k * S_stride + start + i];
        finish(&b, &waiting);
    }
}

/* Scores of the rows first..last, or of their squares: Z (n, classes). */
void NAME(forward_pass)(const Call *call, REAL *Z, int32_t squared) {
    Block b;
    begin(&b, call, squared);
    for (idx start = call->first; next(&b, start); start += b.m) {
        forward(&b);
        for (idx i = 0; i < b.m; i++)
            memcpy(Z + (start + i) * call->classes, b.z + i * b.stride, sizeof(REAL) * call->classes);
    }
}

/* To what multiple the classes of P are padded. */
int32_t NAME(lanes)(void) { return LANES; }
