package dev.treaty.cli.output;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Help.Ansi;

/** Rows of text in columns that are as wide as they must be. A heading that begins with {@code >} aligns right. */
public final class Table {
    private static final String GAP = "  ";

    private final List<String> headings;
    private final boolean[] right;
    private final List<List<Cell>> rows = new ArrayList<>();

    private record Cell(String text, Style style) {}

    /** A table with those headings and no rows. */
    public Table(String... headings) {
        this.right = new boolean[headings.length];
        for (int i = 0; i < headings.length; i++) {
            right[i] = headings[i].startsWith(">");
        }
        this.headings = Arrays.stream(headings)
                .map(h -> h.startsWith(">") ? h.substring(1) : h)
                .toList();
    }

    /** A row being filled, cell by cell. */
    public static final class Row {
        private final List<Cell> cells = new ArrayList<>();

        /** Adds a cell. */
        public Row cell(String text) {
            return cell(text, Style.PLAIN);
        }

        /** Adds a cell in that style. */
        public Row cell(String text, Style style) {
            cells.add(new Cell(text, style));
            return this;
        }
    }

    /** Adds a row. */
    public Row row() {
        var row = new Row();
        rows.add(row.cells);
        return row;
    }

    /** The lines of the table, headings first. */
    public List<String> lines(Ansi ansi) {
        int[] widths = headings.stream().mapToInt(String::length).toArray();
        for (List<Cell> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(widths[i], row.get(i).text.length());
            }
        }
        var lines = new ArrayList<String>(rows.size() + 1);
        lines.add(line(
                ansi, headings.stream().map(h -> new Cell(h, Style.HEADING)).toList(), widths));
        for (List<Cell> row : rows) {
            lines.add(line(ansi, row, widths));
        }
        return lines;
    }

    private String line(Ansi ansi, List<Cell> row, int[] widths) {
        var line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            Cell cell = row.get(i);
            String space = " ".repeat(widths[i] - cell.text.length());
            boolean last = i == row.size() - 1;
            line.append(i == 0 ? "" : GAP)
                    .append(right[i] ? space : "")
                    .append(cell.style.paint(ansi, cell.text))
                    .append(right[i] || last ? "" : space);
        }
        return line.toString();
    }

    /** Prints the table. */
    public void print(PrintWriter out, Ansi ansi) {
        lines(ansi).forEach(out::println);
    }
}
