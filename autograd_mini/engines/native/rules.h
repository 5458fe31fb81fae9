/* The rules of the library as C.
   Written by `python -m autograd_mini.engines.native.header`; change the tables, not this file. */

#define RULES_DIGEST "d09e915765750b81"
#define CODE_DIGEST "f440f709ec53b41b"

static double ag_pow(double x, double y)
{
    return y == 2.0 ? x * x : y == 1.0 ? x : x != x || y != y ? NAN : pow(x, y);
}
static double ag_sigmoid(double x) { return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x)); }
static double ag_square(double x) { return x * x; }
static double ag_upper(double x) { return 134217729.0 * x - (134217729.0 * x - x); }
static double ag_gauss(double x) { return fabs(x) > 28.0 ? 0.0 : exp(-ag_upper(x) * ag_upper(x)) * exp((ag_upper(x) - x) * (ag_upper(x) + x)); }
static double decayed_item(const double *of_arrays, const double *numbers)
{
    const double g = of_arrays[0], w = of_arrays[1], weight_decay = numbers[0];
    return g + weight_decay * w;
}
static double descended_item(const double *of_arrays, const double *numbers)
{
    const double w = of_arrays[0], g = of_arrays[1], lr = numbers[0];
    return w - lr * g;
}
static double scaled_item(const double *of_arrays, const double *numbers)
{
    const double w = of_arrays[0], factor = numbers[0];
    return factor * w;
}
static double followed_item(const double *of_arrays, const double *numbers)
{
    const double w = of_arrays[0], b = of_arrays[1], lr = numbers[0];
    return w - lr * b;
}
static double velocity_item(const double *of_arrays, const double *numbers)
{
    const double b = of_arrays[0], g = of_arrays[1], momentum = numbers[0];
    return momentum * b + g;
}
static double lookahead_item(const double *of_arrays, const double *numbers)
{
    const double g = of_arrays[0], b = of_arrays[1], momentum = numbers[0];
    return g + momentum * b;
}
static double first_moment_item(const double *of_arrays, const double *numbers)
{
    const double m = of_arrays[0], g = of_arrays[1], beta = numbers[0], fresh = numbers[1];
    return beta * m + fresh * g;
}
static double second_moment_item(const double *of_arrays, const double *numbers)
{
    const double v = of_arrays[0], g = of_arrays[1], beta = numbers[0], fresh = numbers[1];
    return beta * v + fresh * g * g;
}
static double normalized_item(const double *of_arrays, const double *numbers)
{
    const double g = of_arrays[0], v = of_arrays[1], eps = numbers[0];
    return g / (sqrt(v) + eps);
}
static double standardized_item(const double *of_arrays, const double *numbers)
{
    const double g = of_arrays[0], v = of_arrays[1], m = of_arrays[2], eps = numbers[0];
    return g / (sqrt(fabs(v - m * m)) + eps);
}
static double adapted_item(const double *of_arrays, const double *numbers)
{
    const double w = of_arrays[0], m = of_arrays[1], v = of_arrays[2], lr = numbers[0], bias = numbers[1], root = numbers[2], eps = numbers[3];
    return w - lr * (m / bias) / (sqrt(v) / root + eps);
}
static double max_many(Operand *operands, Py_ssize_t each)
{
    double max0 = -INFINITY;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x;
        if (term > max0)
            max0 = term;
    }
    double sum1 = each ? -0.0 : 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x == x ? 0.0 : x;
        sum1 += term;
    }
    double sum2 = each ? -0.0 : 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x == max0 ? 1.0 : 0.0;
        sum2 += term;
    }
    const double out = max0 + sum1;
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        (void)x;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = (x == out ? 1.0 : 0.0) / sum2;
    }
    return out;
}
static double min_many(Operand *operands, Py_ssize_t each)
{
    double sum0 = each ? -0.0 : 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x == x ? 0.0 : x;
        sum0 += term;
    }
    double max1 = -INFINITY;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = -x;
        if (term > max1)
            max1 = term;
    }
    double sum2 = each ? -0.0 : 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x == -max1 ? 1.0 : 0.0;
        sum2 += term;
    }
    const double out = sum0 - max1;
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        (void)x;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = (x == out ? 1.0 : 0.0) / sum2;
    }
    return out;
}
static double sum_many(Operand *operands, Py_ssize_t each)
{
    double sum0 = each ? -0.0 : 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x;
        sum0 += term;
    }
    const double out = sum0;
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        (void)x;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = 1.0;
    }
    return out;
}
static double fsum_many(Operand *operands, Py_ssize_t each)
{
    double fsum0_lost = 0.0;
    double fsum0 = 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x;
        const double before = fsum0;
        fsum0 += term;
        const double share = fsum0 - before;
        fsum0_lost += before - (fsum0 - share) + (term - share);
    }
    fsum0 += fsum0_lost;
    const double out = fsum0;
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        (void)x;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = 1.0;
    }
    return out;
}
static double dot_many(Operand *operands, Py_ssize_t each)
{
    const double b = operands[2 * each + 0].number;
    double sum0 = each ? -0.0 : 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double w = operands[0 * each + i].number;
        const double x = operands[1 * each + i].number;
        const double term = w * x;
        sum0 += term;
    }
    const double out = sum0 + b;
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double w = operands[0 * each + i].number;
        const double x = operands[1 * each + i].number;
        (void)w;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = x;
        (void)x;
        if (operands[1 * each + i].value)
            operands[1 * each + i].number = w;
    }
    (void)b;
    if (operands[2 * each + 0].value)
        operands[2 * each + 0].number = 1.0;
    return out;
}
static double norm_many(Operand *operands, Py_ssize_t each)
{
    double max0 = 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = fabs(x);
        if (term > max0)
            max0 = term;
    }
    double sum1 = each ? -0.0 : 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x == x ? 0.0 : x;
        sum1 += term;
    }
    double fsum2_lost = 0.0;
    double fsum2 = 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = ag_square(x / max0);
        const double before = fsum2;
        fsum2 += term;
        const double share = fsum2 - before;
        fsum2_lost += before - (fsum2 - share) + (term - share);
    }
    fsum2 += fsum2_lost;
    const double out = max0 == 0.0 || max0 - max0 != 0.0 ? max0 + sum1 : max0 * sqrt(fsum2);
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        (void)x;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = out == 0.0 ? 0.0 : x / out;
    }
    return out;
}
static double expectation_many(Operand *operands, Py_ssize_t each)
{
    double sum0 = each ? -0.0 : 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double w = operands[0 * each + i].number;
        const double x = operands[1 * each + i].number;
        const double term = w == 0.0 && x == x && x - x != 0.0 ? 0.0 : w * x;
        sum0 += term;
    }
    const double out = sum0;
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double w = operands[0 * each + i].number;
        const double x = operands[1 * each + i].number;
        (void)w;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = x;
        (void)x;
        if (operands[1 * each + i].value)
            operands[1 * each + i].number = w;
    }
    return out;
}
static double logsumexp_many(Operand *operands, Py_ssize_t each)
{
    double max0 = -INFINITY;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x;
        if (term > max0)
            max0 = term;
    }
    double fsum1_lost = 0.0;
    double fsum1 = -1.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x == max0 && x - x != 0.0 ? 1.0 : exp(x - max0);
        const double before = fsum1;
        fsum1 += term;
        const double share = fsum1 - before;
        fsum1_lost += before - (fsum1 - share) + (term - share);
    }
    fsum1 += fsum1_lost;
    const double out = max0 + log1p(fsum1);
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        (void)x;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = (x == max0 && x - x != 0.0 ? 1.0 : exp(x - max0)) / (1.0 + fsum1);
    }
    return out;
}
static double softmax_many(Operand *operands, Py_ssize_t each)
{
    const double y = operands[1 * each + 0].number;
    double max0 = y;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x;
        if (term > max0)
            max0 = term;
    }
    double fsum1_lost = 0.0;
    double fsum1 = 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = exp(x - max0);
        const double before = fsum1;
        fsum1 += term;
        const double share = fsum1 - before;
        fsum1_lost += before - (fsum1 - share) + (term - share);
    }
    fsum1 += fsum1_lost;
    const double out = exp(y - max0) / (exp(y - max0) + fsum1);
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        (void)x;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = -out * exp(x - max0) / (exp(y - max0) + fsum1);
    }
    (void)y;
    if (operands[1 * each + 0].value)
        operands[1 * each + 0].number = out * fsum1 / (exp(y - max0) + fsum1);
    return out;
}
static double log_softmax_many(Operand *operands, Py_ssize_t each)
{
    const double y = operands[1 * each + 0].number;
    double max0 = y;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = x;
        if (term > max0)
            max0 = term;
    }
    double fsum1_lost = 0.0;
    double fsum1 = 0.0;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        const double term = exp(x - max0);
        const double before = fsum1;
        fsum1 += term;
        const double share = fsum1 - before;
        fsum1_lost += before - (fsum1 - share) + (term - share);
    }
    fsum1 += fsum1_lost;
    const double out = y == max0 ? -log1p(fsum1) : y - max0 - log(exp(y - max0) + fsum1);
    if (!isfinite(out))
        return out;
    for (Py_ssize_t i = 0; i < each; i++) {
        const double x = operands[0 * each + i].number;
        (void)x;
        if (operands[0 * each + i].value)
            operands[0 * each + i].number = -exp(x - max0) / (exp(y - max0) + fsum1);
    }
    (void)y;
    if (operands[1 * each + 0].value)
        operands[1 * each + 0].number = -expm1(out);
    return out;
}

#define max_FORWARD \
    REDUCTION(max0, , -INFINITY) \
    TERMS { ITEM(0, x) LANES { LANE(x) STATE(max0) const double term = x; if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(sum1, , each ? -0.0 : 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) STATE(sum1) const double term = x == x ? 0.0 : x; sum1 += term; STORE(sum1) } } \
    LANES { LANE(max0) LANE(sum1) O[i] = max0 + sum1; }
#define max_REVERSE \
    REDUCTION(max0, , -INFINITY) \
    TERMS { ITEM(0, x) LANES { LANE(x) STATE(max0) const double term = x; if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(sum2, , each ? -0.0 : 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) STATE(sum2) const double term = x == max0 ? 1.0 : 0.0; sum2 += term; STORE(sum2) } } \
    TERMS { ITEM(0, x) SPREAD(ts[0 * each + j], LANE(x) LANE(max0) LANE(sum2) LANE(out) , (x == out ? 1.0 : 0.0) / sum2) }
#define min_FORWARD \
    REDUCTION(sum0, , each ? -0.0 : 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) STATE(sum0) const double term = x == x ? 0.0 : x; sum0 += term; STORE(sum0) } } \
    REDUCTION(max1, , -INFINITY) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(sum0) STATE(max1) const double term = -x; if (term > max1) max1 = term; STORE(max1) } } \
    LANES { LANE(sum0) LANE(max1) O[i] = sum0 - max1; }
#define min_REVERSE \
    REDUCTION(max1, , -INFINITY) \
    TERMS { ITEM(0, x) LANES { LANE(x) STATE(max1) const double term = -x; if (term > max1) max1 = term; STORE(max1) } } \
    REDUCTION(sum2, , each ? -0.0 : 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max1) STATE(sum2) const double term = x == -max1 ? 1.0 : 0.0; sum2 += term; STORE(sum2) } } \
    TERMS { ITEM(0, x) SPREAD(ts[0 * each + j], LANE(x) LANE(max1) LANE(sum2) LANE(out) , (x == out ? 1.0 : 0.0) / sum2) }
#define fsum_FORWARD \
    REDUCTION(fsum0, , 0.0) \
    REDUCTION(fsum0_lost, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) STATE(fsum0) STATE(fsum0_lost) const double term = x; const double before = fsum0; fsum0 += term; const double share = fsum0 - before; fsum0_lost += before - (fsum0 - share) + (term - share); STORE(fsum0) STORE(fsum0_lost) } } \
    LANES { STATE(fsum0) LANE(fsum0_lost) fsum0 += fsum0_lost; STORE(fsum0) } \
    LANES { LANE(fsum0) O[i] = fsum0; }
#define fsum_REVERSE \
    TERMS { ITEM(0, x) SPREAD(ts[0 * each + j], LANE(x) LANE(out) , 1.0) }
#define norm_FORWARD \
    REDUCTION(max0, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) STATE(max0) const double term = fabs(x); if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(sum1, , each ? -0.0 : 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) STATE(sum1) const double term = x == x ? 0.0 : x; sum1 += term; STORE(sum1) } } \
    REDUCTION(fsum2, , 0.0) \
    REDUCTION(fsum2_lost, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) LANE(sum1) STATE(fsum2) STATE(fsum2_lost) const double term = ag_square(x / max0); const double before = fsum2; fsum2 += term; const double share = fsum2 - before; fsum2_lost += before - (fsum2 - share) + (term - share); STORE(fsum2) STORE(fsum2_lost) } } \
    LANES { STATE(fsum2) LANE(fsum2_lost) fsum2 += fsum2_lost; STORE(fsum2) } \
    LANES { LANE(max0) LANE(sum1) LANE(fsum2) O[i] = max0 == 0.0 || max0 - max0 != 0.0 ? max0 + sum1 : max0 * sqrt(fsum2); }
#define norm_REVERSE \
    TERMS { ITEM(0, x) SPREAD(ts[0 * each + j], LANE(x) LANE(out) , out == 0.0 ? 0.0 : x / out) }
#define expectation_FORWARD \
    REDUCTION(sum0, , each ? -0.0 : 0.0) \
    TERMS { ITEM(0, w) ITEM(1, x) LANES { LANE(w) LANE(x) STATE(sum0) const double term = w == 0.0 && x == x && x - x != 0.0 ? 0.0 : w * x; sum0 += term; STORE(sum0) } } \
    LANES { LANE(sum0) O[i] = sum0; }
#define expectation_REVERSE \
    TERMS { ITEM(0, w) ITEM(1, x) SPREAD(ts[0 * each + j], LANE(w) LANE(x) LANE(out) , x) } \
    TERMS { ITEM(0, w) ITEM(1, x) SPREAD(ts[1 * each + j], LANE(w) LANE(x) LANE(out) , w) }
#define logsumexp_FORWARD \
    REDUCTION(max0, , -INFINITY) \
    TERMS { ITEM(0, x) LANES { LANE(x) STATE(max0) const double term = x; if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(fsum1, , -1.0) \
    REDUCTION(fsum1_lost, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) STATE(fsum1) STATE(fsum1_lost) const double term = x == max0 && x - x != 0.0 ? 1.0 : exp(x - max0); const double before = fsum1; fsum1 += term; const double share = fsum1 - before; fsum1_lost += before - (fsum1 - share) + (term - share); STORE(fsum1) STORE(fsum1_lost) } } \
    LANES { STATE(fsum1) LANE(fsum1_lost) fsum1 += fsum1_lost; STORE(fsum1) } \
    LANES { LANE(max0) LANE(fsum1) O[i] = max0 + log1p(fsum1); }
#define logsumexp_REVERSE \
    REDUCTION(max0, , -INFINITY) \
    TERMS { ITEM(0, x) LANES { LANE(x) STATE(max0) const double term = x; if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(fsum1, , -1.0) \
    REDUCTION(fsum1_lost, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) STATE(fsum1) STATE(fsum1_lost) const double term = x == max0 && x - x != 0.0 ? 1.0 : exp(x - max0); const double before = fsum1; fsum1 += term; const double share = fsum1 - before; fsum1_lost += before - (fsum1 - share) + (term - share); STORE(fsum1) STORE(fsum1_lost) } } \
    LANES { STATE(fsum1) LANE(fsum1_lost) fsum1 += fsum1_lost; STORE(fsum1) } \
    TERMS { ITEM(0, x) SPREAD(ts[0 * each + j], LANE(x) LANE(max0) LANE(fsum1) LANE(out) , (x == max0 && x - x != 0.0 ? 1.0 : exp(x - max0)) / (1.0 + fsum1)) }
#define softmax_FORWARD \
    SINGLE(1, 0, y) \
    REDUCTION(max0, LANE(y) , y) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(y) STATE(max0) const double term = x; if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(fsum1, LANE(y) , 0.0) \
    REDUCTION(fsum1_lost, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) LANE(y) STATE(fsum1) STATE(fsum1_lost) const double term = exp(x - max0); const double before = fsum1; fsum1 += term; const double share = fsum1 - before; fsum1_lost += before - (fsum1 - share) + (term - share); STORE(fsum1) STORE(fsum1_lost) } } \
    LANES { STATE(fsum1) LANE(fsum1_lost) fsum1 += fsum1_lost; STORE(fsum1) } \
    LANES { LANE(max0) LANE(fsum1) LANE(y) O[i] = exp(y - max0) / (exp(y - max0) + fsum1); }
#define softmax_REVERSE \
    SINGLE(1, 0, y) \
    REDUCTION(max0, LANE(y) , y) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(y) STATE(max0) const double term = x; if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(fsum1, LANE(y) , 0.0) \
    REDUCTION(fsum1_lost, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) LANE(y) STATE(fsum1) STATE(fsum1_lost) const double term = exp(x - max0); const double before = fsum1; fsum1 += term; const double share = fsum1 - before; fsum1_lost += before - (fsum1 - share) + (term - share); STORE(fsum1) STORE(fsum1_lost) } } \
    LANES { STATE(fsum1) LANE(fsum1_lost) fsum1 += fsum1_lost; STORE(fsum1) } \
    TERMS { ITEM(0, x) SPREAD(ts[0 * each + j], LANE(x) LANE(max0) LANE(fsum1) LANE(y) LANE(out) , -out * exp(x - max0) / (exp(y - max0) + fsum1)) } \
    SPREAD(ts[1 * each + 0], LANE(max0) LANE(fsum1) LANE(y) LANE(out) , out * fsum1 / (exp(y - max0) + fsum1))
#define log_softmax_FORWARD \
    SINGLE(1, 0, y) \
    REDUCTION(max0, LANE(y) , y) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(y) STATE(max0) const double term = x; if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(fsum1, LANE(y) , 0.0) \
    REDUCTION(fsum1_lost, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) LANE(y) STATE(fsum1) STATE(fsum1_lost) const double term = exp(x - max0); const double before = fsum1; fsum1 += term; const double share = fsum1 - before; fsum1_lost += before - (fsum1 - share) + (term - share); STORE(fsum1) STORE(fsum1_lost) } } \
    LANES { STATE(fsum1) LANE(fsum1_lost) fsum1 += fsum1_lost; STORE(fsum1) } \
    LANES { LANE(max0) LANE(fsum1) LANE(y) O[i] = y == max0 ? -log1p(fsum1) : y - max0 - log(exp(y - max0) + fsum1); }
#define log_softmax_REVERSE \
    SINGLE(1, 0, y) \
    REDUCTION(max0, LANE(y) , y) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(y) STATE(max0) const double term = x; if (term > max0) max0 = term; STORE(max0) } } \
    REDUCTION(fsum1, LANE(y) , 0.0) \
    REDUCTION(fsum1_lost, , 0.0) \
    TERMS { ITEM(0, x) LANES { LANE(x) LANE(max0) LANE(y) STATE(fsum1) STATE(fsum1_lost) const double term = exp(x - max0); const double before = fsum1; fsum1 += term; const double share = fsum1 - before; fsum1_lost += before - (fsum1 - share) + (term - share); STORE(fsum1) STORE(fsum1_lost) } } \
    LANES { STATE(fsum1) LANE(fsum1_lost) fsum1 += fsum1_lost; STORE(fsum1) } \
    TERMS { ITEM(0, x) SPREAD(ts[0 * each + j], LANE(x) LANE(max0) LANE(fsum1) LANE(y) LANE(out) , -exp(x - max0) / (exp(y - max0) + fsum1)) } \
    SPREAD(ts[1 * each + 0], LANE(max0) LANE(fsum1) LANE(y) LANE(out) , -expm1(out))

#define UNARY_ROWS(ROW) \
    ROW(neg, -x, -1.0) \
    ROW(identity, x, 1.0) \
    ROW(abs, fabs(x), x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0) \
    ROW(square, x * x, 2.0 * x) \
    ROW(sqrt, sqrt(x), 0.5 / fabs(out)) \
    ROW(cbrt, cbrt(x), x == 0.0 || x - x != 0.0 ? 1.0 / (3.0 * out * out) : (2.0 * out + x / out / out) / 9.0 / x) \
    ROW(exp, exp(x), out) \
    ROW(exp2, ag_pow(2.0, x), log(2.0) * out) \
    ROW(expm1, expm1(x), exp(x)) \
    ROW(log, log(x), 1.0 / x) \
    ROW(log1p, log1p(x), 1.0 / (1.0 + x)) \
    ROW(log2, log2(x), 1.0 / log(2.0) / x) \
    ROW(log10, log10(x), 1.0 / log(10.0) / x) \
    ROW(sin, sin(x), cos(x)) \
    ROW(cos, cos(x), -sin(x)) \
    ROW(tan, tan(x), 1.0 + out * out) \
    ROW(arcsin, asin(x), 1.0 / sqrt((1.0 - x) * (1.0 + x))) \
    ROW(arccos, acos(x), -1.0 / sqrt((1.0 - x) * (1.0 + x))) \
    ROW(arctan, atan(x), fabs(x) < 1e+150 ? 1.0 / (1.0 + x * x) : 1.0 / x / x) \
    ROW(sinh, sinh(x), cosh(x)) \
    ROW(cosh, cosh(x), sinh(x)) \
    ROW(tanh, tanh(x), fabs(x) < 0.5 ? 1.0 - out * out : x > 0.0 ? 4.0 * exp(-2.0 * x) / ag_square(1.0 + exp(-2.0 * x)) : 4.0 * exp(2.0 * x) / ag_square(1.0 + exp(2.0 * x))) \
    ROW(arcsinh, asinh(x), fabs(x) < 1e+150 ? 1.0 / sqrt(x * x + 1.0) : 1.0 / fabs(x)) \
    ROW(arccosh, acosh(x), 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))) \
    ROW(arctanh, atanh(x), 1.0 / ((1.0 - x) * (1.0 + x))) \
    ROW(gauss, ag_gauss(x), fabs(x) > 28.0 ? 0.0 : -2.0 * (x * out)) \
    ROW(erf, erf(x), 1.1283791670955126 * ag_gauss(x)) \
    ROW(erfc, erfc(x), -1.1283791670955126 * ag_gauss(x)) \
    ROW(sigmoid, ag_sigmoid(x), out * ag_sigmoid(-x)) \
    ROW(softplus, x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x)), ag_sigmoid(x)) \
    ROW(relu, x <= 0.0 ? 0.0 : x, x <= 0.0 ? 0.0 : 1.0) \
    ROW(step, x >= 0.0 ? 1.0 : x < 0.0 ? 0.0 : x, 0.0)

#define BINARY_ROWS(ROW) \
    ROW(add, x + y, 1.0, 1.0) \
    ROW(sub, x - y, 1.0, -1.0) \
    ROW(mul, x * y, y, x) \
    ROW(div, x / y, 1.0 / y, -out / y) \
    ROW(pow, ag_pow(x, y), x == 0.0 && y == 0.0 ? 0.0 : y >= 1.0 || x == 0.0 || x - x != 0.0 ? y * ag_pow(x, y - 1.0) : y * out / x, x == 0.0 && y >= 0.0 ? 0.0 : out * log(x)) \
    ROW(arctan2, atan2(x, y), fabs(x) + fabs(y) > 1e-150 && fabs(x) + fabs(y) < 1e+150 ? y / (x * x + y * y) : fabs(x) <= fabs(y) ? 1.0 / (1.0 + ag_square(x / y)) / y : y / x / (1.0 + ag_square(y / x)) / x, fabs(x) + fabs(y) > 1e-150 && fabs(x) + fabs(y) < 1e+150 ? -x / (x * x + y * y) : fabs(x) <= fabs(y) ? -x / y / (1.0 + ag_square(x / y)) / y : -1.0 / (1.0 + ag_square(y / x)) / x) \
    ROW(hypot, fabs(x) + fabs(y) > 1e-150 && fabs(x) + fabs(y) < 1e+150 ? sqrt(x * x + y * y) : fabs(x) + fabs(y) == 0.0 || x - x != 0.0 || y - y != 0.0 ? fabs(x) + fabs(y) : fabs(x) > fabs(y) ? fabs(x) * sqrt(1.0 + ag_square(y / x)) : fabs(y) * sqrt(1.0 + ag_square(x / y)), x == 0.0 && y == 0.0 ? 0.0 : x / out, x == 0.0 && y == 0.0 ? 0.0 : y / out) \
    ROW(leaky_relu, x > 0.0 && y == y ? x : y * x, x > 0.0 ? 1.0 : y, x > 0.0 ? 0.0 : x) \
    ROW(elu, x > 0.0 && y == y ? x : y * expm1(x), x > 0.0 ? 1.0 : y * exp(x / 2.0) * exp(x / 2.0), x > 0.0 ? 0.0 : expm1(x)) \
    ROW(maximum, x >= y ? x : x < y ? y : x + y, x > y ? 1.0 : x == y ? 0.5 : 0.0, x < y ? 1.0 : x == y ? 0.5 : 0.0) \
    ROW(minimum, x <= y ? x : x > y ? y : x + y, x < y ? 1.0 : x == y ? 0.5 : 0.0, x > y ? 1.0 : x == y ? 0.5 : 0.0)

#define MANY_ROWS(ROW) \
    ROW(max, 1, 1) \
    ROW(min, 1, 1) \
    ROW(sum, 1, 1) \
    ROW(fsum, 1, 1) \
    ROW(dot, 2, 3) \
    ROW(norm, 1, 1) \
    ROW(expectation, 2, 2) \
    ROW(logsumexp, 1, 1) \
    ROW(softmax, 1, 2) \
    ROW(log_softmax, 1, 2)

#define SUM_ROWS(ROW) \
    ROW(sum, x, sum0, x, sum0, 1.0)

#define PAIR_ROWS(ROW)

#define DOT_ROWS(ROW) \
    ROW(dot, w, x, b, sum0, w * x, sum0 + b, x, w, 1.0)

#define GENERAL_ROWS(ROW) \
    ROW(max, 1, 1) \
    ROW(min, 1, 1) \
    ROW(fsum, 1, 1) \
    ROW(norm, 1, 1) \
    ROW(expectation, 2, 2) \
    ROW(logsumexp, 1, 1) \
    ROW(softmax, 1, 2) \
    ROW(log_softmax, 1, 2)

#define PASSING_ROWS(ROW) \
    ROW(add, 3) \
    ROW(sub, 3) \
    ROW(mul, 3) \
    ROW(div, 1) \
    ROW(pow, 0) \
    ROW(neg, 1) \
    ROW(identity, 1) \
    ROW(abs, 1) \
    ROW(square, 1) \
    ROW(sqrt, 1) \
    ROW(cbrt, 1) \
    ROW(exp, 0) \
    ROW(exp2, 0) \
    ROW(expm1, 0) \
    ROW(log, 1) \
    ROW(log1p, 1) \
    ROW(log2, 1) \
    ROW(log10, 1) \
    ROW(sin, 1) \
    ROW(cos, 1) \
    ROW(tan, 1) \
    ROW(arcsin, 1) \
    ROW(arccos, 1) \
    ROW(arctan, 0) \
    ROW(arctan2, 0) \
    ROW(hypot, 3) \
    ROW(sinh, 1) \
    ROW(cosh, 1) \
    ROW(tanh, 0) \
    ROW(arcsinh, 1) \
    ROW(arccosh, 1) \
    ROW(arctanh, 1) \
    ROW(gauss, 0) \
    ROW(erf, 0) \
    ROW(erfc, 0) \
    ROW(sigmoid, 0) \
    ROW(softplus, 0) \
    ROW(relu, 0) \
    ROW(leaky_relu, 1) \
    ROW(elu, 0) \
    ROW(step, 0) \
    ROW(maximum, 0) \
    ROW(minimum, 0) \
    ROW(max, 0) \
    ROW(min, 0) \
    ROW(sum, 1) \
    ROW(fsum, 1) \
    ROW(dot, 7) \
    ROW(norm, 1) \
    ROW(expectation, 1) \
    ROW(logsumexp, 0) \
    ROW(softmax, 0) \
    ROW(log_softmax, 0)

#define UPDATE_ROWS(ROW) \
    ROW(decayed, "gw", 2, 1) \
    ROW(descended, "wg", 2, 1) \
    ROW(scaled, "w", 1, 1) \
    ROW(followed, "wb", 2, 1) \
    ROW(velocity, "bg", 2, 1) \
    ROW(lookahead, "gb", 2, 1) \
    ROW(first_moment, "mg", 2, 2) \
    ROW(second_moment, "vg", 2, 2) \
    ROW(normalized, "gv", 2, 1) \
    ROW(standardized, "gvm", 3, 1) \
    ROW(adapted, "wmv", 3, 4)
