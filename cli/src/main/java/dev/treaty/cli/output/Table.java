package dev.treaty.cli.output;

import dev.treaty.core.text.PrintableText;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/** Prints rows of text in aligned columns. Columns whose heading begins with {@code >} align right. */
public final class Table {
    private static final String GAP = "  ";

    private final List<Row> rows = new ArrayList<>();
    private final boolean[] right;

    private record Cell(String text, Style style) {}

    public Table(String... headings) {
        this.right = new boolean[headings.length];
        Row row = row();
        for (int i = 0; i < headings.length; i++) {
            right[i] = headings[i].startsWith(">");
            row.cell(right[i] ? headings[i].substring(1) : headings[i], Style.HEADING);
        }
    }

    /** A row, to which cells are added from left to right. */
    public static final class Row {
        private final List<Cell> cells = new ArrayList<>();

        public Row cell(String text) {
            return cell(text, Style.PLAIN);
        }

        public Row cell(String text, Style style) {
            cells.add(new Cell(PrintableText.line(text), style));
            return this;
        }

        /** Adds plain cells with the text of these values. */
        public Row cells(Object... values) {
            Arrays.stream(values).map(String::valueOf).forEach(this::cell);
            return this;
        }
    }

    /** Adds a row that begins with plain cells for these values. */
    public Row row(Object... values) {
        var row = new Row();
        rows.add(row);
        return row.cells(values);
    }

    /** Returns the lines of the table, headings first. */
    public List<String> lines(Ansi ansi) {
        int[] widths = new int[right.length];
        for (Row row : rows) {
            for (int i = 0; i < row.cells.size(); i++) {
                widths[i] = Math.max(widths[i], row.cells.get(i).text.length());
            }
        }
        return rows.stream().map(row -> line(ansi, row.cells, widths)).toList();
    }

    private String line(Ansi ansi, List<Cell> cells, int[] widths) {
        var line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            Cell cell = cells.get(i);
            String space = " ".repeat(widths[i] - cell.text.length());
            boolean last = i == cells.size() - 1;
            line.append(i == 0 ? "" : GAP)
                    .append(right[i] ? space : "")
                    .append(cell.style.paint(ansi, cell.text))
                    .append(right[i] || last ? "" : space);
        }
        return line.toString();
    }

    public void print(PrintWriter out, Ansi ansi) {
        lines(ansi).forEach(out::println);
    }
}
