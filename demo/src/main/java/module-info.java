import org.jspecify.annotations.NullMarked;

/** The command {@code treaty demo}. */
@NullMarked
module dev.treaty.demo {
    requires static transitive org.jspecify;
    requires dev.treaty;
    requires dev.treaty.cli;
    requires info.picocli;
    requires HdrHistogram;

    opens dev.treaty.demo to
            info.picocli;

    provides dev.treaty.cli.ExtraCommand with
            dev.treaty.demo.DemoCommand;
}
