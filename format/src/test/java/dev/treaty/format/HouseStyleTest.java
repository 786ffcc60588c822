package dev.treaty.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HouseStyleTest {

    private final HouseStyle style = HouseStyle.create();

    @Test
    void imports_are_ordered_and_lines_indented() throws Exception {
        assertThat(style.format("import b.B;import a.A;class X{A a;B b;}"))
                .isEqualTo("import a.A;\nimport b.B;\n\nclass X {\n    A a;\n    B b;\n}\n");
    }

    @Test
    void java_25_is_formatted() throws Exception {
        String source = """
            class X {
                sealed interface Shape permits Dot, Line {}

                record Dot(int x) implements Shape {}

                record Line(Dot from, Dot to) implements Shape {}

                X(int size) {
                    int doubled = size * 2;
                    super();
                }

                int of(Shape shape) {
                    try (var _ = open()) {
                        return switch (shape) {
                            case Line(Dot(int from), Dot _) when from > 3 -> from;
                            case Line _ -> 1;
                            case Dot(var x) -> x;
                        };
                    }
                }

                /// A comment in Markdown, with `code`.
                void markdown() {
                    Runnable _ = () -> {};
                }
            }
            """;
        assertThat(style.format(source)).isEqualTo(source);
    }

    @Test
    void an_annotated_module_is_kept() throws Exception {
        String source = """
            import org.jspecify.annotations.NullMarked;

            @NullMarked
            module a.b {
                requires static transitive org.jspecify;

                exports a.b;
            }
            """;
        assertThat(style.format(source)).isEqualTo(source);
    }

    @Test
    void a_snippet_is_kept() throws Exception {
        String source = """
            /**
             * Says how.
             *
             * {@snippet :
             * if (ready) {
             *     go();
             * }
             * }
             */
            class X {}
            """;
        assertThat(style.format(source)).isEqualTo(source);
    }

    @Test
    void generated_files_are_skipped(@TempDir Path root) throws IOException {
        write(root.resolve("a/src/A.java"));
        write(root.resolve("a/target/B.java"));
        write(root.resolve(".hidden/C.java"));
        write(root.resolve("a/notes.txt"));

        assertThat(HouseStyle.sources(root)).containsExactly(root.resolve("a/src/A.java"));
    }

    private static void write(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "");
    }
}
