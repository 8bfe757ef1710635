#include "report/chart.h"

#include <math.h>

void chart_probability(html *h, double probability, double low, double high)
{
    char text[HTML_NUMBER];
    if (isnan(probability)) return;
    html_format(h, "<svg class=\"meter\" role=\"img\" aria-label=\"%s", html_percent(probability, text));
    if (!isnan(low)) html_format(h, ", interval %s", html_interval(low, high, text));
    html_format(h,
                "\"><rect class=\"track\" y=\"5\" width=\"100%%\" height=\"6\"/>"
                "<rect class=\"fill\" y=\"5\" width=\"%.2f%%\" height=\"6\"/>",
                probability * 100);
    if (!isnan(low))
        html_format(h,
                    "<line class=\"whisker\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"8\" y2=\"8\"/>"
                    "<line class=\"whisker\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"4\" y2=\"12\"/>"
                    "<line class=\"whisker\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"4\" y2=\"12\"/>",
                    low * 100, high * 100, low * 100, low * 100, high * 100, high * 100);
    html_raw(h, "</svg>");
}

void chart_signed(html *h, double value, double scale)
{
    char text[HTML_NUMBER];
    if (isnan(value)) return;
    double part = fmin(fabs(value) / scale, 1) * 50;
    const char *side = value < 0 ? "lowers" : "raises";
    html_format(h,
                "<svg class=\"signed\" role=\"img\" aria-label=\"%s the score, %s\">"
                "<rect class=\"track\" y=\"6\" width=\"100%%\" height=\"2\"/>"
                "<rect class=\"%s\" x=\"%.2f%%\" y=\"2\" width=\"%.2f%%\" height=\"10\"/>",
                side, html_signed(value, scale, text), side, value < 0 ? 50 - part : 50, part);
    if (fabs(value) > scale)
        html_format(h, "<rect class=\"notch\" x=\"%s\" y=\"2\" width=\"1%%\" height=\"10\"/>",
                    value < 0 ? "2%" : "97%");
    html_raw(h, "<line class=\"zero\" x1=\"50%\" x2=\"50%\" y1=\"0\" y2=\"14\"/></svg>");
}

enum { PLOT_TOP = 14, PLOT_HEIGHT = 72, MOST_TICKS = 500 };

void chart_distribution(html *h, const survey *s, size_t label)
{
    size_t most = 1, fifth[5] = {0}, total = 0;
    for (size_t i = 0; i < SURVEY_BINS; i++) {
        size_t n = s->bins[label][i];
        if (n > most) most = n;
        fifth[i / (SURVEY_BINS / 5)] += n;
        total += n;
    }
    html_format(h,
                "<svg class=\"distribution\" role=\"img\" aria-label=\"%zu cases: %zu below 20 percent, %zu "
                "from 20 to 40, "
                "%zu from 40 to 60, %zu from 60 to 80, %zu above 80 percent\">",
                total, fifth[0], fifth[1], fifth[2], fifth[3], fifth[4]);
    for (size_t i = 0; i < SURVEY_BINS; i++) {
        size_t n = s->bins[label][i];
        if (!n) continue;
        double height = fmax((double)n / (double)most * PLOT_HEIGHT, 1);
        html_format(h, "<rect class=\"fill\" x=\"%.1f%%\" y=\"%.1f\" width=\"4.6%%\" height=\"%.1f\"/>",
                    100.0 * (double)i / SURVEY_BINS + 0.2, PLOT_TOP + PLOT_HEIGHT - height, height);
        if (n == most)
            html_format(h, "<text x=\"%.1f%%\" y=\"%.1f\" text-anchor=\"middle\">%zu</text>",
                        100.0 * ((double)i + 0.5) / SURVEY_BINS, PLOT_TOP - 3.0, n);
    }
    html_format(h, "<line class=\"axis\" x1=\"0\" x2=\"100%%\" y1=\"%d.5\" y2=\"%d.5\"/>",
                PLOT_TOP + PLOT_HEIGHT, PLOT_TOP + PLOT_HEIGHT);
    if (s->row_count <= MOST_TICKS)
        for (size_t i = 0; i < s->row_count; i++)
            if (!isnan(s->rows[i].probability[label]))
                html_format(h, "<line class=\"tick\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>",
                            s->rows[i].probability[label] * 100, s->rows[i].probability[label] * 100,
                            PLOT_TOP + PLOT_HEIGHT + 3, PLOT_TOP + PLOT_HEIGHT + 10);
    for (int i = 0; i <= 100; i += 25)
        html_format(h, "<text x=\"%d%%\" y=\"%d\" text-anchor=\"%s\">%d%%</text>", i,
                    PLOT_TOP + PLOT_HEIGHT + 23,
                    i == 0     ? "start"
                    : i == 100 ? "end"
                               : "middle",
                    i);
    html_raw(h, "</svg>");
}
