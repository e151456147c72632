/* One layer of patches: every patch of an image, contrast taken out, times every atom; both signs soft-thresholded
   and summed over the cells of a grid. The responses themselves, a hundred times the image, are never written.

   Compiled once for every LEVEL of vector instructions; native.py picks. Only the vector types of GCC and Clang are
   used. The patches of an image that are not blank are copied side by side; PATCHES of them are multiplied with
   2 vectors of atoms at once, so that their scores stay in registers until they have been added to their cells. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define JOIN2(name, level) name##_##level
#define JOIN(name, level) JOIN2(name, level)
#define NAME(name) JOIN(name, LEVEL)
#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__) || defined(__aarch64__)
#define PATCHES 12
#else
#define PATCHES 5
#endif
#define ATOMS (2 * LANES)

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t vec_bits __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int64_t idx;

typedef struct {
    idx height, width, channels, size;  /* of an image; of a patch */
    idx atoms, tiles;                   /* their number; tiles of ATOMS that hold them */
    idx across, cells;                  /* positions in a row; cells of the grid */
    idx positions;                      /* of patches in an image */
    const int32_t *cell;                /* (positions) cell of each, or -1 */
    const float *filters;               /* (tiles, size * size * channels, ATOMS) */
    const float *offset;                /* (tiles, ATOMS) */
    float threshold, floor;             /* of the scores; of the variance */
    int32_t contrast;                   /* whether mean and contrast are taken out of a patch */
    int32_t root;                       /* whether the sums become their square roots */
} Layer;

INLINE vec load(const float *from) { return *(const vec *)from; }
INLINE void store(float *to, vec v) { *(vec *)to = v; }
INLINE vec above_zero(vec v) {
    vec zero = {0};
    return (vec)((vec_bits)v & (v > zero));
}

int32_t NAME(atoms)(void) { return ATOMS; }

/* Floats that a call needs beside its images: patches, the cell of each, and sums. */
idx NAME(room)(const Layer *layer) {
    idx entries = layer->size * layer->size * layer->channels;
    return (layer->positions + PATCHES + 1) * (entries + 1) + layer->cells * (2 * layer->tiles * ATOMS + 1) + 64;
}

INLINE float sum_of(vec v) {
    float sum = 0;
    for (int l = 0; l < LANES; l++) sum += v[l];
    return sum;
}

/* Copies a patch, less its mean and by its contrast; whether there is anything in it. `patch` has room for a whole
   vector more than its entries. */
INLINE int gather(const Layer *layer, const float *image, float *patch) {
    idx run = layer->size * layer->channels, entries = layer->size * run;
    for (idx r = 0; r < layer->size; r++) {
        const float *from = image + r * layer->width * layer->channels;
        for (idx i = 0; i < run; i++) patch[r * run + i] = from[i];
    }
    vec sum = {0}, square = {0}, same = (layer->contrast ? patch[0] : 0) - (vec){0};
    vec_bits differs = {0};
    idx whole = entries / LANES * LANES;
    for (idx i = 0; i < whole; i += LANES) {
        vec v = load(patch + i);
        sum += v;
        differs |= v != same;
    }
    float total = sum_of(sum), squares;
    int any = 0;
    for (int l = 0; l < LANES; l++) any |= differs[l] != 0;
    for (idx i = whole; i < entries; i++) {
        total += patch[i];
        any |= patch[i] != same[0];
    }
    if (!any || !layer->contrast) return any;
    float mean = total / (float)entries;
    for (idx i = 0; i < whole; i += LANES) {
        vec v = load(patch + i) - mean;
        store(patch + i, v);
        square += v * v;
    }
    squares = sum_of(square);
    for (idx i = whole; i < entries; i++) {
        patch[i] -= mean;
        squares += patch[i] * patch[i];
    }
    float scale = 1 / sqrtf(squares / (float)entries + layer->floor);
    for (idx i = 0; i < entries; i++) patch[i] *= scale;
    return 1;
}

/* Adds what both signs of PATCHES patches' scores on one tile of atoms leave above the threshold to their cells. */
INLINE void multiply(const float *patches, idx entries, const int32_t *cell, idx count, const float *filters,
                     const float *offset, float threshold, float *sums, idx stride) {
    vec score[PATCHES][2], t = threshold - (vec){0};
    for (int p = 0; p < PATCHES; p++) {
        score[p][0] = load(offset);
        score[p][1] = load(offset + LANES);
    }
    for (idx i = 0; i < entries; i++) {
        vec a = load(filters + i * ATOMS), b = load(filters + i * ATOMS + LANES);
#pragma GCC unroll 16
        for (int p = 0; p < PATCHES; p++) {
            float x = patches[p * entries + i];
            score[p][0] += x * a;
            score[p][1] += x * b;
        }
    }
#pragma GCC unroll 16
    for (int p = 0; p < PATCHES; p++) {
        if (p >= count) continue;
        float *to = sums + cell[p] * stride;
        store(to, load(to) + above_zero(score[p][0] - t));
        store(to + LANES, load(to + LANES) + above_zero(score[p][1] - t));
        to += stride / 2;
        store(to, load(to) + above_zero(-score[p][0] - t));
        store(to + LANES, load(to + LANES) + above_zero(-score[p][1] - t));
    }
}

/* Images first...last (each height, width, channels) to rows of features (cells, 2, atoms) from `out` on. */
void NAME(layer)(const Layer *layer, const float *images, idx first, idx last, float *room, float *out) {
    idx entries = layer->size * layer->size * layer->channels, padded = layer->tiles * ATOMS, stride = 2 * padded;
    idx numbers = layer->height * layer->width * layer->channels;
    float *patches = room, *sums = patches + (layer->positions + PATCHES + 1) * entries;
    int32_t *cell = (int32_t *)(sums + layer->cells * stride);
    float *blank = (float *)(cell + layer->positions + PATCHES);
    for (idx image = first; image < last; image++) {
        idx count = 0;
        memset(blank, 0, (size_t)layer->cells * sizeof(float));
        for (idx i = 0; i < layer->positions; i++) {
            idx r = i / layer->across, c = i % layer->across;
            const float *from = images + image * numbers + (r * layer->width + c) * layer->channels;
            if (layer->cell[i] < 0) continue;
            if (gather(layer, from, patches + count * entries))
                cell[count++] = layer->cell[i];
            else
                blank[layer->cell[i]] += 1;
        }
        memset(patches + count * entries, 0, (size_t)(PATCHES * entries) * sizeof(float));
        for (idx k = 0; k < layer->cells; k++)  /* a blank patch's score is the offset */
            for (idx j = 0; j < padded; j++) {
                float score = layer->offset[j], above = score - layer->threshold, below = -score - layer->threshold;
                sums[k * stride + j] = blank[k] * (above > 0 ? above : 0);
                sums[k * stride + padded + j] = blank[k] * (below > 0 ? below : 0);
            }
        for (idx tile = 0; tile < layer->tiles; tile++) {
            const float *filters = layer->filters + tile * entries * ATOMS, *offset = layer->offset + tile * ATOMS;
            for (idx i = 0; i < count; i += PATCHES)
                multiply(patches + i * entries, entries, cell + i, count - i, filters, offset, layer->threshold,
                         sums + tile * ATOMS, stride);
        }
        float *row = out + (image - first) * layer->cells * 2 * layer->atoms;
        for (idx k = 0; k < 2 * layer->cells; k++)
            for (idx j = 0; j < layer->atoms; j++) {
                float sum = sums[k * padded + j];
                row[k * layer->atoms + j] = layer->root ? sqrtf(sum) : sum;
            }
    }
}
