package dev.treaty.benchmarks.balance;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * Draws how long calls take: a panel for each sickness, a line for each subject. To the right go ever rarer calls, each
 * third of a panel a tenth of those before it; upwards goes time. Both scales are logarithmic.
 */
final class TailChart {
    private static final int PANEL_WIDTH = 290;
    private static final int PANEL_HEIGHT = 190;
    private static final int COLUMNS = 3;
    private static final int LEFT = 58;
    private static final int GAP = 34;
    private static final int TOP = 64;
    private static final int BETWEEN = 44;
    private static final int ROW = PANEL_HEIGHT + 28 + BETWEEN;
    private static final int LEGEND_STEP = 130;

    /** How many points a line has. */
    private static final int POINTS = 120;

    /** From the median to one call of a thousand, in tenths. */
    private static final double RARITY_MIN = Math.log10(2);

    private static final double RARITY_MAX = 3;
    private static final double NANOS_MIN = 4e6;
    private static final double NANOS_MAX = 8e9;

    /** A line across each panel. */
    private record Mark(double nanos, String label) {}

    /** A line up each panel. */
    private record Percentile(double percentile, String label, String anchor) {}

    private static final List<Mark> MARKS = List.of(
            new Mark(5e6, "5 ms"),
            new Mark(2e7, "20 ms"),
            new Mark(1e8, "100 ms"),
            new Mark(5e8, "500 ms"),
            new Mark(1.5e9, "1.5 s"),
            new Mark(5e9, "5 s"));
    private static final List<Percentile> PERCENTILES = List.of(
            new Percentile(50, "p50", "start"),
            new Percentile(90, "p90", "middle"),
            new Percentile(99, "p99", "middle"),
            new Percentile(99.9, "p99.9", "end"));

    /** Colours that those who see few colours can tell apart; the first is that of Treaty. */
    private static final List<String> COLORS = List.of("#0b7a53", "#d1495b", "#2a6fbb", "#e09f3e", "#7d5ba6");

    private final StringBuilder out = new StringBuilder();

    private TailChart() {}

    /**
     * The chart as SVG.
     *
     * @param bySickness the latencies of each subject
     */
    static String svg(Map<Sickness, Map<String, Histogram>> bySickness) {
        var chart = new TailChart();
        chart.draw(bySickness);
        return chart.out.toString();
    }

    private void draw(Map<Sickness, Map<String, Histogram>> bySickness) {
        List<String> subjects = bySickness.values().stream()
                .flatMap(m -> m.keySet().stream())
                .distinct()
                .toList();
        int rows = (bySickness.size() + COLUMNS - 1) / COLUMNS;
        int width = LEFT + COLUMNS * (PANEL_WIDTH + GAP);
        add(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#333\">",
                width,
                TOP + rows * ROW));
        add("<title>Latency by percentile, one of ten instances sick</title>");
        add("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
        for (int i = 0; i < subjects.size(); i++) {
            int x = LEFT + i * LEGEND_STEP;
            add(String.format(Locale.ROOT, "<path d=\"M%d 20h26\" %s/>", x, stroke(i)));
            text(x + 32, 24, "start", subjects.get(i));
        }
        int panel = 0;
        for (Map.Entry<Sickness, Map<String, Histogram>> entry : bySickness.entrySet()) {
            int left = LEFT + panel % COLUMNS * (PANEL_WIDTH + GAP);
            int top = TOP + panel / COLUMNS * ROW;
            frame(left, top, title(entry.getKey()), panel % COLUMNS == 0);
            // Treaty's line last, so that it is above the others.
            for (int i = subjects.size() - 1; i >= 0; i--) {
                Histogram latencies = entry.getValue().get(subjects.get(i));
                if (latencies != null && latencies.getTotalCount() > 0) {
                    add(String.format(Locale.ROOT, "<path d=\"%s\" %s/>", line(left, top, latencies), stroke(i)));
                }
            }
            panel++;
        }
        add("</svg>");
    }

    private static String title(Sickness sickness) {
        return switch (sickness) {
            case HEALTHY -> "All healthy";
            case SLOW -> "One twenty times slower";
            case HUNG -> "One hung";
            case REFUSING -> "One refusing";
            case HALF -> "One failing every other call";
            case PAUSING -> "One pausing 500 ms every 5 s";
        };
    }

    private void frame(int left, int top, String title, boolean labelled) {
        add(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\" font-weight=\"600\" font-size=\"13\">%s</text>",
                left,
                top - 10,
                title));
        for (Mark mark : MARKS) {
            double y = y(top, mark.nanos());
            add(String.format(Locale.ROOT, "<path d=\"M%d %.1fh%d\" stroke=\"#e5e5e5\"/>", left, y, PANEL_WIDTH));
            if (labelled) {
                text(left - 8, y + 4, "end", mark.label());
            }
        }
        for (Percentile at : PERCENTILES) {
            double x = x(left, rarity(at.percentile()));
            add(String.format(Locale.ROOT, "<path d=\"M%.1f %dv%d\" stroke=\"#f0f0f0\"/>", x, top, PANEL_HEIGHT));
            text(x, top + PANEL_HEIGHT + 16, at.anchor(), at.label());
        }
        add(String.format(
                Locale.ROOT, "<path d=\"M%d %dh%d\" stroke=\"#999\"/>", left, top + PANEL_HEIGHT, PANEL_WIDTH));
    }

    private static String line(int left, int top, Histogram latencies) {
        var points = new ArrayList<String>();
        for (int i = 0; i <= POINTS; i++) {
            double rarity = RARITY_MIN + (RARITY_MAX - RARITY_MIN) * i / POINTS;
            double nanos = latencies.getValueAtPercentile(100 * (1 - Math.pow(10, -rarity)));
            points.add(String.format(Locale.ROOT, "%.1f %.1f", x(left, rarity), y(top, nanos)));
        }
        return "M" + String.join("L", points);
    }

    private static double rarity(double percentile) {
        return -Math.log10(1 - percentile / 100);
    }

    private static double x(int left, double rarity) {
        return left + (rarity - RARITY_MIN) / (RARITY_MAX - RARITY_MIN) * PANEL_WIDTH;
    }

    private static double y(int top, double nanos) {
        double clipped = Math.clamp(nanos, NANOS_MIN, NANOS_MAX);
        return top + PANEL_HEIGHT * (1 - Math.log(clipped / NANOS_MIN) / Math.log(NANOS_MAX / NANOS_MIN));
    }

    private static String stroke(int subject) {
        return String.format(
                Locale.ROOT,
                "fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\"",
                COLORS.get(subject % COLORS.size()),
                subject == 0 ? "3" : "1.6");
    }

    private void text(double x, double y, String anchor, String text) {
        add(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor, text));
    }

    private void add(String line) {
        out.append(line).append('\n');
    }
}
