package dev.treaty.benchmarks.balance;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Draws how long calls take, one panel for each sickness and one line for each subject: percentiles against time. */
final class TailChart {
    private static final int PANEL_WIDTH = 300;
    private static final int PANEL_HEIGHT = 210;
    private static final int MARGIN = 46;
    private static final int COLUMNS = 3;
    private static final double[] PERCENTILES = {50, 75, 90, 95, 99, 99.5, 99.9};
    private static final double NANOS_MIN = 4e6;
    private static final double NANOS_MAX = 6e9;
    private static final List<String> COLORS = List.of("#0b6e4f", "#c8553d", "#2a6fbb", "#8f6bb3", "#999999");
    private static final List<String> DASHES = List.of("", "6 3", "2 3", "8 3 2 3", "1 4");

    private TailChart() {}

    /**
     * The chart as SVG.
     *
     * @param bySickness the latencies of each subject
     */
    static String svg(Map<Sickness, Map<String, Histogram>> bySickness) {
        int rows = (bySickness.size() + COLUMNS - 1) / COLUMNS;
        int width = COLUMNS * (PANEL_WIDTH + MARGIN) + MARGIN;
        int height = rows * (PANEL_HEIGHT + MARGIN) + MARGIN + 24;
        var out = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                        + " font-size=\"11\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>%n",
                width,
                height));
        List<String> subjects = bySickness.values().stream()
                .flatMap(m -> m.keySet().stream())
                .distinct()
                .toList();
        for (int i = 0; i < subjects.size(); i++) {
            int x = MARGIN + i * 150;
            line(out, i, x, 16, x + 30, 16);
            text(out, x + 36, 20, "start", subjects.get(i));
        }
        int panel = 0;
        for (Map.Entry<Sickness, Map<String, Histogram>> entry : bySickness.entrySet()) {
            int left = MARGIN + panel % COLUMNS * (PANEL_WIDTH + MARGIN);
            int top = 24 + MARGIN / 2 + panel / COLUMNS * (PANEL_HEIGHT + MARGIN);
            panel(out, left, top, entry.getKey(), entry.getValue(), subjects);
            panel++;
        }
        return out.append("</svg>\n").toString();
    }

    private static void panel(
            StringBuilder out,
            int left,
            int top,
            Sickness sickness,
            Map<String, Histogram> latencies,
            List<String> subjects) {
        String title = sickness == Sickness.HEALTHY ? "all healthy" : "one of ten: " + sickness.word();
        text(out, left + PANEL_WIDTH / 2, top - 6, "middle", title);
        for (double nanos : new double[] {5e6, 1e7, 1e8, 1e9, 5e9}) {
            double y = y(top, nanos);
            out.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#e2e2e2\"/>%n",
                    left,
                    left + PANEL_WIDTH,
                    y,
                    y));
            text(
                    out,
                    left - 4,
                    (int) y + 4,
                    "end",
                    nanos >= 1e9 ? nanos / 1e9 + " s" : Math.round(nanos / 1e6) + " ms");
        }
        for (int i = 0; i < PERCENTILES.length; i++) {
            text(out, (int) x(left, i), top + PANEL_HEIGHT + 14, "middle", label(PERCENTILES[i]));
        }
        for (int s = 0; s < subjects.size(); s++) {
            Histogram histogram = latencies.get(subjects.get(s));
            if (histogram != null && histogram.getTotalCount() > 0) {
                var points = new StringBuilder();
                for (int i = 0; i < PERCENTILES.length; i++) {
                    double nanos = histogram.getValueAtPercentile(PERCENTILES[i]);
                    points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(left, i), y(top, nanos)));
                }
                out.append(String.format(
                        Locale.ROOT,
                        "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" stroke-dasharray=\"%s\""
                                + " points=\"%s\"/>%n",
                        COLORS.get(s % COLORS.size()),
                        DASHES.get(s % DASHES.size()),
                        points.toString().strip()));
            }
        }
    }

    private static String label(double percentile) {
        return "p" + (percentile == Math.rint(percentile) ? String.valueOf((int) percentile) : percentile);
    }

    private static double x(int left, int index) {
        return left + (double) index / (PERCENTILES.length - 1) * PANEL_WIDTH;
    }

    private static double y(int top, double nanos) {
        double clipped = Math.min(NANOS_MAX, Math.max(NANOS_MIN, nanos));
        double share = (Math.log(clipped) - Math.log(NANOS_MIN)) / (Math.log(NANOS_MAX) - Math.log(NANOS_MIN));
        return top + PANEL_HEIGHT * (1 - share);
    }

    private static void line(StringBuilder out, int style, int x1, int y1, int x2, int y2) {
        out.append(String.format(
                Locale.ROOT,
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"1.8\""
                        + " stroke-dasharray=\"%s\"/>%n",
                x1,
                y1,
                x2,
                y2,
                COLORS.get(style % COLORS.size()),
                DASHES.get(style % DASHES.size())));
    }

    private static void text(StringBuilder out, int x, int y, String anchor, String text) {
        out.append(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"#333333\">%s</text>%n",
                x,
                y,
                anchor,
                text));
    }
}
