package dev.treaty.house;

import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.FieldInstruction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TidyTest {

    private static final int LONGEST_FILE_LINES = 800;
    private static final int LONGEST_LINE_COLUMNS = 120;
    private static final int SHORTEST_PACKAGE_STORY_CHARACTERS = 200;

    private static final List<Text> TEXTS = Repository.texts();

    /** Modules whose output is not theirs to print. */
    private static final Set<String> LIBRARIES = Set.of(
            "core",
            "resilience",
            "balance",
            "codec",
            "registry",
            "registry-etcd",
            "registry-zookeeper",
            "http",
            "security",
            "config",
            "observe",
            "facade",
            "console",
            "simulation");

    /** Written in two halves, so that this file does not break its own rule. */
    private static final Pattern UNFINISHED = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");

    private static final List<String> FOREIGN_WORDS = List.of(
            "/wo" + "rk/",
            "/ro" + "ot/",
            "/tmp/" + "wt",
            "repo." + "maven",
            "repo1." + "maven",
            "registry." + "npmjs",
            "deb." + "debian");

    private static final Pattern JAVADOC_BEFORE_PACKAGE =
            Pattern.compile("/\\*\\*(.*?)\\*/\\s*(?:@\\w+\\s*)*package ", Pattern.DOTALL);

    @Test
    void every_package_tells_its_story() {
        Set<Path> packages = new TreeSet<>();
        for (Path source : Repository.files(".java")) {
            boolean example = source.getParent().endsWith("snippet-files");
            if (isMain(source) && !example && !source.endsWith("module-info.java")) {
                packages.add(source.getParent());
            }
        }
        List<String> findings = new ArrayList<>();
        for (Path directory : packages) {
            Path story = directory.resolve("package-info.java");
            int length = story.toFile().exists() ? storyLength(Repository.read(story)) : 0;
            if (length < SHORTEST_PACKAGE_STORY_CHARACTERS) {
                findings.add(Repository.name(story) + ": " + length + " characters of Javadoc");
            }
        }
        new Rule(
                        "Every package tells what it is, why, and how it composes, in %d characters or more:"
                                .formatted(SHORTEST_PACKAGE_STORY_CHARACTERS),
                        "write the package-info.java for somebody who has never seen the package, with an example.")
                .expectNone(findings);
    }

    private static int storyLength(String packageInfo) {
        Matcher javadoc = JAVADOC_BEFORE_PACKAGE.matcher(packageInfo);
        if (!javadoc.find()) {
            return 0;
        }
        return javadoc.group(1)
                .replaceAll("(?m)^\\s*\\*", "")
                .replaceAll("\\s+", " ")
                .strip()
                .length();
    }

    @Test
    void nothing_is_left_unfinished() {
        new Rule(
                        "No file says what is still to be done in it, because nobody reads it there:",
                        "do it, or open an issue and take the mark out.")
                .expectNone(linesOf(
                        TEXTS.stream().filter(text -> !text.isCalled(".md")),
                        line -> UNFINISHED.matcher(line).find()));
    }

    @Test
    void no_file_speaks_of_the_machine_it_was_written_on() {
        new Rule(
                        "No file names directories or hosts of the machine that it was written on:",
                        "say it in words that hold on every machine.")
                .expectNone(
                        linesOf(TEXTS.stream(), line -> FOREIGN_WORDS.stream().anyMatch(line::contains)));
    }

    @Test
    void lines_fit_on_a_page() {
        new Rule(
                        "No line of Java is longer than %d columns, but for addresses:".formatted(LONGEST_LINE_COLUMNS),
                        "break it; what the formatter leaves long is a comment or a string.")
                .expectNone(linesOf(
                        TEXTS.stream().filter(text -> text.isCalled(".java")),
                        line -> line.codePointCount(0, line.length()) > LONGEST_LINE_COLUMNS && !line.contains("://")));
    }

    @Test
    void files_fit_in_the_head() {
        Set<String> read = Set.of(".java", ".xml", ".md", ".js", ".css", ".html", ".yaml", ".yml");
        new Rule(
                        "No file that people read has more than %d lines:".formatted(LONGEST_FILE_LINES),
                        "find the two things that it is about, and give each a file.")
                .expectNone(TEXTS.stream()
                        .filter(text -> read.stream().anyMatch(text::isCalled))
                        .filter(text -> text.content().lines().count() > LONGEST_FILE_LINES)
                        .map(text -> text.name() + ": " + text.content().lines().count() + " lines")
                        .toList());
    }

    @Test
    void files_end_with_a_newline() {
        new Rule("Every text file ends with one newline:", "./treaty format for Java; else the editor.")
                .expectNone(TEXTS.stream()
                        .filter(text -> !text.name().contains("/src/test/resources/"))
                        .filter(text -> !text.content().isEmpty())
                        .filter(text ->
                                !text.content().endsWith("\n") || text.content().endsWith("\n\n"))
                        .map(Text::name)
                        .toList());
    }

    @Test
    void libraries_do_not_print() {
        List<String> findings = new ArrayList<>();
        Set<String> present = new HashSet<>(Repository.modules());
        present.retainAll(LIBRARIES);
        for (String module : present) {
            for (Path file : Repository.compiled(module)) {
                if (prints(Repository.bytes(file))) {
                    findings.add(module + ": " + file.getFileName().toString().replace(".class", ""));
                }
            }
        }
        new Rule(
                        "A library does not write to System.out or System.err:",
                        "publish an event, or return what is to be shown.")
                .expectNone(findings);
    }

    private static boolean prints(byte[] compiled) {
        return ClassFile.of().parse(compiled).methods().stream()
                .flatMap(method -> method.code().stream())
                .flatMap(code -> code.elementStream())
                .anyMatch(element -> element instanceof FieldInstruction field
                        && field.owner().asInternalName().equals("java/lang/System"));
    }

    private static boolean isMain(Path source) {
        return Repository.name(source).contains("src/main/java/");
    }

    private static List<String> linesOf(Stream<Text> texts, Predicate<String> found) {
        return texts.flatMap(text -> text.linesWhere(found)).toList();
    }
}
