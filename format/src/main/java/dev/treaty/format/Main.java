package dev.treaty.format;

import com.palantir.javaformat.java.FormatterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Formats every Java source under a directory, and prints the names of those that changed. */
public final class Main {

    private Main() {}

    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments.length == 0 ? "" : arguments[0]).toAbsolutePath();
        HouseStyle style = HouseStyle.create();
        int changed = 0;
        int broken = 0;
        for (Path source : HouseStyle.sources(root)) {
            String before = Files.readString(source);
            try {
                String after = style.format(before);
                if (!after.equals(before)) {
                    Files.writeString(source, after);
                    System.out.println("formatted " + root.relativize(source));
                    changed++;
                }
            } catch (FormatterException e) {
                System.err.println("not Java: " + root.relativize(source) + ": " + e.getMessage());
                broken++;
            }
        }
        System.out.println(changed + " formatted, " + broken + " could not be read as Java");
        System.exit(broken == 0 ? 0 : 1);
    }
}
