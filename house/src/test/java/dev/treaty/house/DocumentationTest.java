package dev.treaty.house;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Setting;
import dev.treaty.config.Settings;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation shows is true: its examples compile, and every setting is described with its default. */
class DocumentationTest {
    private static final Pattern README_EXAMPLE =
            Pattern.compile("<!-- readme-example -->\n```java\n(.*?)```", Pattern.DOTALL);

    @TempDir
    private Path classes;

    private record Source(String name, String text) {}

    @Test
    void theExamplesOfThePackagesCompile() throws IOException {
        List<Source> examples = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Repository.ROOT)) {
            for (Path file : files.filter(DocumentationTest::isExample).toList()) {
                examples.add(new Source(file.getFileName().toString(), Files.readString(file)));
            }
        }
        assertThat(examples).hasSizeGreaterThanOrEqualTo(8);
        for (Source example : examples) {
            assertThat(compile(example)).as(example.name).isEmpty();
        }
    }

    private static boolean isExample(Path file) {
        return file.getParent().getFileName().toString().equals("snippet-files")
                && file.toString().contains("src/main")
                && file.toString().endsWith(".java");
    }

    @Test
    void theExampleOfTheReadmeCompiles() throws IOException {
        var match = README_EXAMPLE.matcher(Files.readString(Repository.ROOT.resolve("README.md")));
        assertThat(match.find()).isTrue();
        String code = """
            import dev.treaty.Treaty;
            import dev.treaty.core.contract.Contract;
            import dev.treaty.core.contract.Idempotent;

            class Example {
            %s
            }
            """.formatted(match.group(1));
        assertThat(compile(new Source("Example.java", code))).isEmpty();
    }

    @Test
    void everySettingIsDescribedWithItsDefault() throws IOException {
        String page = Files.readString(Repository.ROOT.resolve("docs/configuration.md"));
        for (Setting setting : Settings.effective("nothing", "", Map.of()).values()) {
            String key = setting.key().replaceFirst("^defaults\\.", "");
            String value = setting.value().isBlank() ? "(empty)" : "`" + setting.value() + "`";
            assertThat(page).contains("| `" + key + "` | " + value + " |");
        }
    }

    /** What the compiler says against it. */
    private String compile(Source source) {
        var said = new StringWriter();
        var unit = new SimpleJavaFileObject(URI.create("string:///" + source.name), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source.text;
            }
        };
        var options = List.of("-d", classes.toString(), "-parameters", "-proc:none", "-cp", classPath());
        ToolProvider.getSystemJavaCompiler()
                .getTask(said, null, null, options, null, List.of(unit))
                .call();
        return said.toString();
    }

    private static String classPath() {
        String modules = System.getProperty("jdk.module.path", "");
        return System.getProperty("java.class.path") + System.getProperty("path.separator") + modules;
    }
}
