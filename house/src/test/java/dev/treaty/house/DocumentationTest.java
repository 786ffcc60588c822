package dev.treaty.house;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Setting;
import dev.treaty.config.Settings;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the documentation compile, and every setting is documented with its default. */
class DocumentationTest {
    private static final Pattern README_EXAMPLE =
            Pattern.compile("<!-- readme-example -->\n```java\n(.*?)```", Pattern.DOTALL);

    /** An example of a page, after a comment with the name of its library; without one, it is Treaty's. */
    private static final Pattern EXAMPLE =
            Pattern.compile("(?:<!-- ([a-z0-9.]+) -->\n)?```(java|yaml)\n(.*?)```", Pattern.DOTALL);

    /** The types that the examples on fault tolerance use. */
    private static final String SHOP = """
        class CardRefused extends IOException {}

        record Order(String id) {}

        record Receipt(String id) {
            static Receipt pending(Order order) {
                return new Receipt(order.id());
            }
        }

        interface Legacy {
            Receipt charge(Order order) throws IOException;
        }

        interface Reports {
            String refresh(String day);
        }

        class Shop {
            Legacy legacy;
            Legacy standby;
            Order order;
            Reports reports;
            String day;

            Receipt pay(Order order) {
                return Receipt.pending(order);
            }

            void log(String line) {}
        }
        """;

    private static final String TREATY = """
        import dev.treaty.Treaty;
        import dev.treaty.core.call.*;
        import dev.treaty.core.event.*;
        import dev.treaty.resilience.*;
        import java.io.IOException;
        import java.time.Duration;

        class Example extends Shop {
            Guard payments;
            Treaty treaty;
        """;

    private static final String RESILIENCE4J = """
        import io.github.resilience4j.bulkhead.*;
        import io.github.resilience4j.circuitbreaker.*;
        import io.github.resilience4j.core.IntervalFunction;
        import io.github.resilience4j.decorators.Decorators;
        import io.github.resilience4j.ratelimiter.*;
        import io.github.resilience4j.retry.*;
        import io.github.resilience4j.timelimiter.*;
        import java.io.IOException;
        import java.time.Duration;
        import java.util.List;
        import java.util.concurrent.*;
        import java.util.function.Supplier;

        class Example extends Shop {
            Bulkhead bulkhead;
            CircuitBreaker breaker;
            ExecutorService executor;
            RateLimiter limiter;
            Retry retry;
        """;

    @TempDir
    private Path classes;

    private record Source(String name, String text) {}

    @Test
    void the_examples_of_packages_compile() {
        List<Source> examples = new ArrayList<>();
        for (Path file : Repository.files(".java")) {
            if (isExample(file)) {
                examples.add(new Source(file.getFileName().toString(), Repository.read(file)));
            }
        }
        assertThat(examples).hasSizeGreaterThanOrEqualTo(8);
        for (Source example : examples) {
            assertThat(compile(example)).as(example.name).isEmpty();
        }
    }

    private static boolean isExample(Path file) {
        return file.getParent().endsWith("snippet-files") && !file.toString().contains("src/test");
    }

    @Test
    void the_example_of_the_readme_compiles() {
        var match = README_EXAMPLE.matcher(Repository.read(Repository.ROOT.resolve("README.md")));
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
    void the_examples_on_fault_tolerance_compile_for_both_libraries() {
        List<MatchResult> examples = EXAMPLE.matcher(page("fault-tolerance.md"))
                .results()
                .filter(example -> example.group(2).equals("java"))
                .toList();
        assertThat(examples).hasSizeGreaterThan(20);
        for (MatchResult example : examples) {
            String around = "resilience4j".equals(example.group(1)) ? RESILIENCE4J : TREATY;
            String code = around + "void run() throws Exception {" + example.group(3) + "}}\n" + SHOP;
            assertThat(compile(new Source("Example.java", code)))
                    .as(example.group(3))
                    .isEmpty();
        }
    }

    @Test
    void the_settings_on_fault_tolerance_are_accepted() {
        List<String> examples = EXAMPLE.matcher(page("fault-tolerance.md"))
                .results()
                .map(example -> example.group(3))
                .filter(yaml -> yaml.startsWith("services:") || yaml.startsWith("server:"))
                .toList();
        assertThat(examples).hasSize(3);
        examples.forEach(yaml -> Settings.parse("fault-tolerance.md", yaml, Map.of()));
    }

    private static String page(String name) {
        return Repository.read(Repository.ROOT.resolve("docs").resolve(name));
    }

    @Test
    void every_setting_is_documented_with_its_default() {
        String page = page("configuration.md");
        for (Setting setting : Settings.effective("nothing", "", Map.of()).values()) {
            String value = setting.value().isBlank() ? "(empty)" : "`" + setting.value() + "`";
            assertThat(page).contains("| `" + setting.key() + "` | " + value + " |");
        }
    }

    /** Returns the errors of the compiler. */
    private String compile(Source source) {
        var output = new StringWriter();
        var unit = new SimpleJavaFileObject(URI.create("string:///" + source.name), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source.text;
            }
        };
        var options = List.of("-d", classes.toString(), "-parameters", "-proc:none", "-cp", classPath());
        ToolProvider.getSystemJavaCompiler()
                .getTask(output, null, null, options, null, List.of(unit))
                .call();
        return output.toString();
    }

    private static String classPath() {
        String modules = System.getProperty("jdk.module.path", "");
        return System.getProperty("java.class.path") + System.getProperty("path.separator") + modules;
    }
}
