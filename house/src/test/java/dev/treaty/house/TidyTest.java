package dev.treaty.house;

import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.FieldInstruction;
import java.nio.file.Path;
import java.util.ArrayList;
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
    private static final int SHORTEST_PACKAGE_DOCUMENTATION = 200;

    private static final List<Text> TEXTS = Repository.texts();

    /** In two halves, so that this file does not violate its own rule. */
    private static final Pattern UNFINISHED = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");

    private static final List<String> MACHINE_NAMES = List.of(
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
    void every_package_is_documented() {
        Set<Path> packages = new TreeSet<>();
        for (Path source : Repository.files(".java")) {
            boolean example = source.getParent().endsWith("snippet-files");
            if (isMain(source) && !example && !source.endsWith("module-info.java")) {
                packages.add(source.getParent());
            }
        }
        List<String> findings = new ArrayList<>();
        for (Path directory : packages) {
            Path documentation = directory.resolve("package-info.java");
            int length = documentation.toFile().exists() ? documentationLength(Repository.read(documentation)) : 0;
            if (length < SHORTEST_PACKAGE_DOCUMENTATION) {
                findings.add(Repository.name(documentation) + ": " + length + " characters of Javadoc");
            }
        }
        new Rule(
                        "The Javadoc of every package has at least %d characters:"
                                .formatted(SHORTEST_PACKAGE_DOCUMENTATION),
                        "explain in package-info.java what the package is for and how to use it, with an example.")
                .expectNone(findings);
    }

    private static int documentationLength(String packageInfo) {
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
    void no_file_has_marks_of_unfinished_work() {
        new Rule("No file has marks of unfinished work:", "finish it, or open an issue and remove the mark.")
                .expectNone(linesOf(
                        TEXTS.stream().filter(text -> !text.hasSuffix(".md")),
                        line -> UNFINISHED.matcher(line).find()));
    }

    @Test
    void no_file_names_paths_or_hosts_of_a_machine() {
        new Rule("No file names directories or registry hosts of one machine:", "write what is true on every machine.")
                .expectNone(
                        linesOf(TEXTS.stream(), line -> MACHINE_NAMES.stream().anyMatch(line::contains)));
    }

    @Test
    void lines_are_short_enough() {
        new Rule(
                        "No line of Java is longer than %d columns, except for addresses:"
                                .formatted(LONGEST_LINE_COLUMNS),
                        "wrap it; the formatter does not wrap comments and strings.")
                .expectNone(linesOf(
                        TEXTS.stream().filter(text -> text.hasSuffix(".java")),
                        line -> line.codePointCount(0, line.length()) > LONGEST_LINE_COLUMNS && !line.contains("://")));
    }

    @Test
    void files_are_short_enough() {
        Set<String> read = Set.of(".java", ".xml", ".md", ".js", ".css", ".html", ".yaml", ".yml");
        new Rule(
                        "No source, page or configuration has more than %d lines:".formatted(LONGEST_FILE_LINES),
                        "split it by topic.")
                .expectNone(TEXTS.stream()
                        .filter(text -> read.stream().anyMatch(text::hasSuffix))
                        .filter(text -> text.content().lines().count() > LONGEST_FILE_LINES)
                        .map(text -> text.name() + ": " + text.content().lines().count() + " lines")
                        .toList());
    }

    @Test
    void files_end_with_a_newline() {
        new Rule("Every text file ends with one newline:", "./treaty format for Java; otherwise in an editor.")
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
        for (String module : Repository.libraries()) {
            for (Path file : Repository.compiled(module)) {
                if (prints(Repository.bytes(file))) {
                    findings.add(module + ": " + file.getFileName().toString().replace(".class", ""));
                }
            }
        }
        new Rule("A library does not write to System.out or System.err:", "emit an event, or return the text.")
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
        return texts.flatMap(text -> text.matchingLines(found)).toList();
    }
}
