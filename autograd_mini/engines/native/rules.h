/* The rules of the library as C.
   Written by `python -m autograd_mini.engines.native.header`; change the tables, not this file. */

#define RULES_DIGEST "f26f151772f7b898"
#define CODE_DIGEST "5d83627e2fd7caf7"

static double ag_pow(double x, double y) { return x != x || y != y ? NAN : pow(x, y); }
static double ag_sigmoid(double x) { return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x)); }
static double ag_square(double x) { return x * x; }
static double ag_upper(double x) { return 134217729.0 * x - (134217729.0 * x - x); }
static double ag_gauss(double x) { return fabs(x) > 28.0 ? 0.0 : exp(-ag_upper(x) * ag_upper(x)) * exp((ag_upper(x) - x) * (ag_upper(x) + x)); }
static double decayed_item(const double *of_lists, const double *numbers)
{
    const double g = of_lists[0], w = of_lists[1], weight_decay = numbers[0];
    return g + weight_decay * w;
}
static double descended_item(const double *of_lists, const double *numbers)
{
    const double w = of_lists[0], g = of_lists[1], lr = numbers[0];
    return w - lr * g;
}
static double velocity_item(const double *of_lists, const double *numbers)
{
    const double v = of_lists[0], g = of_lists[1], momentum = numbers[0];
    return momentum * v + g;
}
static double lookahead_item(const double *of_lists, const double *numbers)
{
    const double g = of_lists[0], v = of_lists[1], momentum = numbers[0];
    return g + momentum * v;
}
static double first_moment_item(const double *of_lists, const double *numbers)
{
    const double m = of_lists[0], g = of_lists[1], beta = numbers[0], fresh = numbers[1];
    return beta * m + fresh * g;
}
static double second_moment_item(const double *of_lists, const double *numbers)
{
    const double v = of_lists[0], g = of_lists[1], beta = numbers[0], fresh = numbers[1];
    return beta * v + fresh * g * g;
}
static double adapted_item(const double *of_lists, const double *numbers)
{
    const double w = of_lists[0], m = of_lists[1], v = of_lists[2], lr = numbers[0], bias = numbers[1], root = numbers[2], eps = numbers[3];
    return w - lr * (m / bias) / (sqrt(v) / root + eps);
}

#define UNARY_ROWS(ROW) \
    ROW(neg, -x, -1.0) \
    ROW(abs, fabs(x), x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0) \
    ROW(square, x * x, 2.0 * x) \
    ROW(sqrt, sqrt(x), 0.5 / fabs(out)) \
    ROW(cbrt, cbrt(x), x == 0.0 || x - x != 0.0 ? 1.0 / (3.0 * out * out) : (2.0 * out + x / out / out) / 9.0 / x) \
    ROW(exp, exp(x), out) \
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
    ROW(tanh, tanh(x), ag_square(1.0 / cosh(x))) \
    ROW(arcsinh, asinh(x), fabs(x) < 1e+150 ? 1.0 / sqrt(x * x + 1.0) : 1.0 / fabs(x)) \
    ROW(arccosh, acosh(x), 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))) \
    ROW(arctanh, atanh(x), 1.0 / ((1.0 - x) * (1.0 + x))) \
    ROW(erf, erf(x), 1.1283791670955126 * ag_gauss(x)) \
    ROW(sigmoid, ag_sigmoid(x), out * ag_sigmoid(-x)) \
    ROW(softplus, x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x)), ag_sigmoid(x)) \
    ROW(relu, x <= 0.0 ? 0.0 : x, x <= 0.0 ? 0.0 : 1.0) \
    ROW(step, x >= 0.0 ? 1.0 : x < 0.0 ? 0.0 : x, 0.0)

#define BINARY_ROWS(ROW) \
    ROW(add, x + y, 1.0, 1.0) \
    ROW(sub, x - y, 1.0, -1.0) \
    ROW(mul, x * y, y, x) \
    ROW(div, x / y, 1.0 / y, -out / y) \
    ROW(pow, ag_pow(x, y), y == 0.0 ? 0.0 : y >= 1.0 || x == 0.0 || x - x != 0.0 ? y * ag_pow(x, y - 1.0) : y * out / x, x == 0.0 && y >= 0.0 ? 0.0 : out * log(x)) \
    ROW(leaky_relu, x > 0.0 && y == y ? x : y * x, x > 0.0 ? 1.0 : y, x > 0.0 ? 0.0 : x) \
    ROW(maximum, x >= y ? x : x < y ? y : x + y, x > y ? 1.0 : x == y ? 0.5 : 0.0, x < y ? 1.0 : x == y ? 0.5 : 0.0) \
    ROW(minimum, x <= y ? x : x > y ? y : x + y, x < y ? 1.0 : x == y ? 0.5 : 0.0, x > y ? 1.0 : x == y ? 0.5 : 0.0)

#define SUM_ROWS(ROW) \
    ROW(sum, x, total, 1.0)

#define DOT_ROWS(ROW) \
    ROW(dot, w * x, total + b, x, w, 1.0)

#define UPDATE_ROWS(ROW) \
    ROW(decayed, 2, 1) \
    ROW(descended, 2, 1) \
    ROW(velocity, 2, 1) \
    ROW(lookahead, 2, 1) \
    ROW(first_moment, 2, 2) \
    ROW(second_moment, 2, 2) \
    ROW(adapted, 3, 4)
