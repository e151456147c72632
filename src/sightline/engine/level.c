/* What compiled.py asks before a call: raised whenever an argument changes. */
int calls(void) { return 2; }

/* How far the vector instructions of this processor go: 0, what every one of its kind has; 3, AVX2 and FMA; 4, AVX-512. */
int level(void) {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw"))
        return 4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 3;
#endif
    return 0;
}
