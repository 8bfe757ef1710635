/* Polygons on a grid: a pixel is inside where its centre is. */
#include "../../../plugins/dicom/roi/polygon.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 24, ROWS = 16 };

typedef struct drawing {
    uint8_t crossings[ROWS][COLUMNS + 1], mask[ROWS][COLUMNS];
} drawing;

static void draw(drawing *d, const double *points, size_t count)
{
    (void)csl_polygon_cross(points, count, COLUMNS, ROWS, &d->crossings[0][0]);
}

static uint64_t fill(drawing *d)
{
    return csl_polygon_fill(&d->crossings[0][0], COLUMNS, ROWS, &d->mask[0][0]);
}

/* Columns 3 .. 6 and rows 2 .. 4: edges through centres count left and above, not right and below. */
Test(polygon, a_rectangle_through_centres)
{
    static const double square[] = {3, 2, 7, 2, 7, 5, 3, 5};
    drawing d = {0};
    draw(&d, square, 4);
    cr_assert_eq(fill(&d), 4u * 3);
    cr_assert(d.mask[2][3] && d.mask[4][6] && !d.mask[5][3] && !d.mask[2][7] && !d.mask[1][3] &&
              !d.mask[2][2]);
}

Test(polygon, a_polygon_inside_another_is_a_hole)
{
    static const double outer[] = {1.5, 1.5, 11.5, 1.5, 11.5, 11.5, 1.5, 11.5};
    static const double inner[] = {4.5, 4.5, 4.5, 8.5, 8.5, 8.5, 8.5, 4.5}; /* the other way round */
    drawing d = {0};
    draw(&d, outer, 4);
    draw(&d, inner, 4);
    cr_assert_eq(fill(&d), 100u - 16);
    cr_assert(!d.mask[6][6] && d.mask[3][3]);
}

/* PS3.3 C.8.8.6.3: one contour that enters the hole and leaves it by the same line. */
Test(polygon, a_keyhole_is_a_hole)
{
    static const double keyhole[] = {1.5, 1.5, 11.5, 1.5, 11.5, 11.5, 1.5, 11.5, 1.5, 6.2, 4.5, 6.2,
                                     4.5, 8.5, 8.5,  8.5, 8.5,  4.5,  4.5, 4.5,  4.5, 6.2, 1.5, 6.2};
    drawing d = {0};
    draw(&d, keyhole, 12);
    cr_assert_eq(fill(&d), 100u - 16);
}

Test(polygon, what_lies_outside_the_grid_is_cut_off)
{
    static const double wide[] = {-1e9, -1e9, 1e9, -1e9, 1e9, 7.5, -1e9, 7.5};
    static const double away[] = {100, 1, 200, 1, 200, 9, 100, 9};
    drawing d = {0};
    draw(&d, wide, 4);
    draw(&d, away, 4);
    cr_assert_eq(fill(&d), 8u * COLUMNS);
}

/* By angles: the sum of angles under which a point sees the edges of a polygon tells how often it is wound
 * round; odd is inside. Shares nothing with crossings. */
static bool winds_oddly(const double *points, size_t count, double x, double y)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double *a = points + 2 * i, *b = points + 2 * ((i + 1) % count);
        double ax = a[0] - x, ay = a[1] - y, bx = b[0] - x, by = b[1] - y;
        sum += atan2(ax * by - ay * bx, ax * bx + ay * by);
    }
    return lround(fabs(sum) / (2 * acos(-1))) % 2 == 1;
}

Test(polygon, random_ones_agree_with_winding_numbers)
{
    uint64_t state = 5;
    for (int trial = 0; trial < 300; trial++) {
        double points[2 * 9];
        size_t count = 3 + (size_t)trial % 7;
        for (size_t i = 0; i < 2 * count; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            points[i] = (double)(state >> 40) / (double)(1u << 24) * 28 - 2.0;
        }
        drawing d = {0};
        draw(&d, points, count);
        (void)fill(&d);
        for (int row = 0; row < ROWS; row++) {
            for (int column = 0; column < COLUMNS; column++)
                cr_assert_eq(d.mask[row][column], winds_oddly(points, count, column, row),
                             "trial %d at %d, %d", trial, column, row);
        }
    }
}
