package dev.treaty.house;

import com.palantir.javaformat.java.FormatterException;
import dev.treaty.format.HouseStyle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FormTest {

    private final HouseStyle style = HouseStyle.create();

    @Test
    void every_source_is_formatted() throws IOException {
        List<String> findings = HouseStyle.sources(Repository.ROOT).parallelStream()
                .map(this::finding)
                .flatMap(Optional::stream)
                .toList();
        new Rule("Every Java source is formatted; these are not:", "./treaty format").expectNone(findings);
    }

    private Optional<String> finding(Path file) {
        String source = Repository.read(file);
        try {
            return style.format(source).equals(source) ? Optional.empty() : Optional.of(Repository.name(file));
        } catch (FormatterException e) {
            return Optional.of(Repository.name(file) + ": " + e.getMessage());
        }
    }
}
