package dev.treaty.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassFile;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.AccessFlag;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The last word of each public type is a term of {@code docs/glossary.md}, so that its name has a known meaning. */
class GlossaryTest {
    private static final Path GLOSSARY = Repository.ROOT.resolve("docs/glossary.md");

    /** A row of the table: term, meaning, users of the term. */
    private static final Pattern ROW = Pattern.compile("^\\|([^|]+)\\|([^|]+)\\|([^|]+)\\|$");

    private static final Pattern WORD = Pattern.compile("\\p{Lu}+(?!\\p{Ll})|\\p{Lu}?[\\p{Ll}\\d]+");

    @Test
    void the_last_word_of_each_public_type_is_in_the_glossary() {
        Set<String> words = words();
        Set<String> findings = new TreeSet<>();
        for (String module : Repository.libraries()) {
            for (String type : publicTypes(module)) {
                String word = lastWord(type);
                if (!words.contains(word) && !words.contains(singular(word))) {
                    findings.add(word + ": " + type);
                }
            }
        }
        new Rule(
                        "The last word of each public type is the last word of a term in docs/glossary.md; these are"
                                + " missing:",
                        "rename the type to a term of the glossary, or add the term with what uses it.")
                .expectNone(findings);
    }

    @Test
    void each_term_has_a_meaning_and_a_user_and_is_listed_once() {
        List<List<String>> rows = rows();
        assertThat(rows).hasSizeGreaterThan(100).allSatisfy(row -> assertThat(row)
                .noneMatch(String::isBlank));
        assertThat(rows.stream().map(List::getFirst)).doesNotHaveDuplicates();
    }

    @Test
    void a_name_is_split_into_words() {
        assertThat(lastWord("dev.treaty.core.call.CallContext")).isEqualTo("context");
        assertThat(lastWord("dev.treaty.balance.AliasTable")).isEqualTo("table");
        assertThat(lastWord("dev.treaty.registry.compat.ConsulAPI")).isEqualTo("api");
    }

    private static List<List<String>> rows() {
        return Repository.read(GLOSSARY)
                .lines()
                .flatMap(line -> ROW.matcher(line).results())
                .map(row -> List.of(
                        row.group(1).strip(), row.group(2).strip(), row.group(3).strip()))
                .filter(row -> !row.getFirst().matches("-+|Term"))
                .toList();
    }

    /** Returns the last word of each term. */
    private static Set<String> words() {
        return rows().stream()
                .map(row -> row.getFirst().toLowerCase(Locale.ROOT).replaceAll("[`*]", ""))
                .map(term -> term.substring(term.lastIndexOf(' ') + 1))
                .collect(Collectors.toSet());
    }

    private static String lastWord(String type) {
        return WORD.matcher(type.substring(type.lastIndexOf('.') + 1))
                .results()
                .map(MatchResult::group)
                .reduce((_, next) -> next)
                .orElseThrow()
                .toLowerCase(Locale.ROOT);
    }

    private static String singular(String word) {
        return word.replaceFirst("ies$", "y").replaceFirst("(?<=s|x|ch)es$|(?<!s)s$", "");
    }

    /** Returns the public top-level types of a module's exported packages; of all packages without a descriptor. */
    private static List<String> publicTypes(String module) {
        Optional<Set<String>> exported = Repository.descriptor(module)
                .map(descriptor -> descriptor.exports().stream()
                        .filter(export -> !export.isQualified())
                        .map(ModuleDescriptor.Exports::source)
                        .collect(Collectors.toSet()));
        return Repository.compiled(module).stream()
                .map(file -> ClassFile.of().parse(Repository.bytes(file)))
                .filter(type -> type.flags().has(AccessFlag.PUBLIC))
                .map(type -> type.thisClass().asInternalName().replace('/', '.'))
                .filter(name -> name.indexOf('$') < 0) // a nested type has the meaning that its outer type gives it
                .filter(name -> exported.isEmpty()
                        || exported.get().contains(name.substring(0, Math.max(0, name.lastIndexOf('.')))))
                .toList();
    }
}
