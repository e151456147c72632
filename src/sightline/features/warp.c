/* Images read at places between their pixels, in proportion to the four around (bilinear). */

#include <math.h>
#include <stdint.h>

#define JOIN2(name, level) name##_##level
#define JOIN(name, level) JOIN2(name, level)
#define NAME(name) JOIN(name, LEVEL)

typedef int64_t idx;

/* images (n, height, width, channels); places (n, height, width, 2): row and column that each pixel of `out` (like
   images) reads; what lies outside is `outside`. */
void NAME(warp)(const float *images, const float *places, idx n, idx height, idx width, idx channels, float outside,
                float *out) {
    for (idx image = 0; image < n; image++) {
        const float *from = images + image * height * width * channels;
        for (idx i = 0; i < height * width; i++, places += 2, out += channels) {
            float r = floorf(places[0]), c = floorf(places[1]), down = places[0] - r, right = places[1] - c;
            if (!(r >= -1 && r < (float)height && c >= -1 && c < (float)width)) {
                for (idx k = 0; k < channels; k++) out[k] = outside;
                continue;
            }
            idx top = (idx)r, left = (idx)c;
            int t = top >= 0, b = top + 1 < height, l = left >= 0, e = left + 1 < width;
            const float *at = from + (top * width + left) * channels;
            for (idx k = 0; k < channels; k++) {
                float nw = t && l ? at[k] : outside, ne = t && e ? at[channels + k] : outside;
                float sw = b && l ? at[width * channels + k] : outside;
                float se = b && e ? at[(width + 1) * channels + k] : outside;
                float above = nw + right * (ne - nw), below = sw + right * (se - sw);
                out[k] = above + down * (below - above);
            }
        }
    }
}
