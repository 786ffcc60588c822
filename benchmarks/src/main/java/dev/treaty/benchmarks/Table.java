package dev.treaty.benchmarks;

import dev.treaty.benchmarks.Report.Row;
import dev.treaty.benchmarks.Report.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints a report: per setting one table of the subjects' figures, and at last one of the ratios. */
final class Table {
    private final StringBuilder out = new StringBuilder();
    private final List<List<String>> lines = new ArrayList<>();

    private Table() {}

    static String of(Report report) {
        var table = new Table();
        report.about().forEach(sentence -> table.out.append(sentence).append('\n'));
        report.rows().stream().map(Row::setting).distinct().forEach(setting -> table.figures(report, setting));
        table.ratios(report);
        return table.out.toString();
    }

    private void figures(Report report, String setting) {
        List<Row> rows = report.rows().stream()
                .filter(row -> row.setting().equals(setting))
                .toList();
        line(setting, rows.stream().map(Row::subject).toList());
        for (Figure figure : report.figures()) {
            String label = figure.unit().isEmpty() ? figure.name() : figure.name() + ", " + figure.unit();
            List<String> cells = rows.stream().map(row -> cell(figure, row)).toList();
            if (cells.stream().anyMatch(cell -> !cell.equals("-"))) {
                line(label, cells);
            }
        }
        flush();
    }

    private static String cell(Figure figure, Row row) {
        Spread spread = row.figures().get(figure.name());
        if (spread == null) {
            return "-";
        }
        return figure.kind() == Figure.Kind.COUNTED
                ? number(spread.value())
                : String.format("%s  %15s", number(spread.value()), number(spread.min()) + ".." + number(spread.max()));
    }

    private void ratios(Report report) {
        if (report.ratios().isEmpty()) {
            return;
        }
        out.append("\nTreaty against the others, above 1 where Treaty is better\n");
        List<Figure> compared = report.figures().stream()
                .filter(figure ->
                        report.ratios().keySet().stream().anyMatch(name -> name.endsWith("." + figure.name())))
                .toList();
        line("", compared.stream().map(Figure::name).toList());
        for (Row row : report.rows()) {
            String prefix = row.subject() + "." + row.setting();
            List<String> cells = compared.stream()
                    .map(figure -> report.ratios().get(prefix + "." + figure.name()))
                    .map(ratio -> ratio == null ? "-" : ratio(ratio))
                    .toList();
            if (cells.stream().anyMatch(cell -> !cell.equals("-"))) {
                line(prefix, cells);
            }
        }
        flush();
    }

    /** Three digits or more, whatever the size. */
    static String number(double value) {
        double size = Math.abs(value);
        String format = value == Math.rint(value) || size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }

    /** Two digits after the point; where a peer is far ahead, as many as tell how far. */
    static String ratio(double value) {
        return String.format(Locale.ROOT, value >= 0.1 ? "%.2f" : "%.4f", value);
    }

    private void line(String label, List<String> cells) {
        var line = new ArrayList<String>();
        line.add(label);
        line.addAll(cells);
        lines.add(line);
    }

    /** The first column to the left, the others to the right, each as wide as it needs to be. */
    private void flush() {
        out.append('\n');
        for (List<String> line : lines) {
            for (int column = 0; column < line.size(); column++) {
                int index = column;
                int width = lines.stream()
                        .mapToInt(other -> other.get(index).length())
                        .max()
                        .orElseThrow();
                String cell = line.get(column);
                String gap = " ".repeat(width - cell.length());
                out.append(column == 0 ? cell + gap : "   " + gap + cell);
            }
            out.append('\n');
        }
        lines.clear();
    }
}
