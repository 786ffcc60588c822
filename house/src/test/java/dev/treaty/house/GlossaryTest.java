package dev.treaty.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.AccessFlag;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Public names use the terms of docs/glossary.md. */
class GlossaryTest {
    private static final Pattern TERM = Pattern.compile("(?m)^\\| ([^|]+) \\|[^|]+\\|[^|]+\\|$");
    private static final Pattern WORD = Pattern.compile("[A-Z]+(?![a-z])|[A-Z][a-z0-9]*");

    @Test
    void the_glossary_lists_each_term_once() {
        assertThat(TERM.matcher(Repository.read(Repository.ROOT.resolve("docs/glossary.md")))
                        .results())
                .extracting(row -> row.group(1).toLowerCase(Locale.ROOT))
                .hasSizeGreaterThan(100)
                .doesNotHaveDuplicates();
    }

    @Test
    void the_last_word_of_every_exported_type_is_in_the_glossary() {
        Set<String> terms = TERM.matcher(Repository.read(Repository.ROOT.resolve("docs/glossary.md")))
                .results()
                .flatMap(row ->
                        Pattern.compile("[ -]").splitAsStream(row.group(1).toLowerCase(Locale.ROOT)))
                .collect(Collectors.toSet());
        Set<String> findings = new TreeSet<>();
        for (String module : Repository.modules()) {
            Optional<ModuleDescriptor> descriptor = Repository.descriptor(module);
            Set<String> exported = descriptor.stream()
                    .flatMap(known -> known.exports().stream())
                    .filter(export -> !export.isQualified())
                    .map(ModuleDescriptor.Exports::source)
                    .collect(Collectors.toSet());
            for (Path file : Repository.compiled(module)) {
                ClassModel compiled = ClassFile.of().parse(Repository.bytes(file));
                String name = compiled.thisClass().asInternalName().replace('/', '.');
                String simple = name.substring(name.lastIndexOf('.') + 1);
                boolean visible = compiled.flags().has(AccessFlag.PUBLIC)
                        && !module.startsWith("examples/")
                        && !simple.contains("$")
                        && exported.contains(name.substring(0, name.lastIndexOf('.')));
                String last = WORD.matcher(simple)
                        .results()
                        .map(MatchResult::group)
                        .reduce("", (_, word) -> word)
                        .toLowerCase(Locale.ROOT);
                boolean known = terms.contains(last)
                        || (last.endsWith("s") && terms.contains(last.substring(0, last.length() - 1)));
                if (visible && !last.isEmpty() && !known) {
                    findings.add(last + " (" + name + ")");
                }
            }
        }
        new Rule(
                        "The last word of every public top-level type of an exported package is a term of"
                                + " docs/glossary.md:",
                        "use the field's word, or add the term with its meaning and the products that use it.")
                .expectNone(findings);
    }
}
