package dev.treaty.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class TableTest {
    @Test
    void columns_are_as_wide_as_their_widest_cell() {
        var table = new Table("NAME", ">CALLS", "NOTE");
        table.row().cell("a").cell("1000000").cell("x");
        table.row().cell("longer").cell("7", Style.GOOD);

        assertThat(table.lines(Ansi.OFF))
                .containsExactly("NAME      CALLS  NOTE", "a       1000000  x", "longer        7");
    }

    @Test
    void colour_does_not_count_as_width() {
        var table = new Table("A", "B");
        table.row().cell("x", Style.GOOD).cell("y");

        assertThat(table.lines(Ansi.ON))
                .containsExactly("\u001b[1mA\u001b[0m  \u001b[1mB\u001b[0m", "\u001b[32mx\u001b[0m  y");
    }
}
