package dev.treaty.microprofile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eclipse.microprofile.fault.tolerance.tck.RetryTest;
import org.testng.annotations.Test;

/** Lists the tests in the archive of the kit. */
final class TestKit {
    static final String PACKAGE = RetryTest.class.getPackageName();

    /** Tests of metrics require a library of MicroProfile Metrics, which is not part of fault tolerance. */
    private static final Pattern METRICS = Pattern.compile(".*/(metrics|telemetryMetrics)/.*");

    private TestKit() {}

    /** Returns the names of the classes that contain tests. */
    static List<String> classes() {
        try (var archive = new JarFile(location().toFile())) {
            return archive.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.endsWith(".class") && !name.contains("$"))
                    .filter(name -> name.startsWith(PACKAGE.replace('.', '/')))
                    .filter(name -> !METRICS.matcher(name).matches())
                    .map(name -> name.replace('/', '.').replaceAll("\\.class$", ""))
                    .filter(name -> !tests(name).isEmpty())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the names of a class's tests. */
    static List<String> tests(String name) {
        try {
            Class<?> type = Class.forName(name, false, TestKit.class.getClassLoader());
            return Modifier.isAbstract(type.getModifiers())
                    ? List.of()
                    : Stream.<Class<?>>iterate(type, Objects::nonNull, Class::getSuperclass)
                            .flatMap(declaring -> Arrays.stream(declaring.getDeclaredMethods()))
                            .filter(method -> method.isAnnotationPresent(Test.class))
                            .map(method -> name(name, method.getName()))
                            .distinct()
                            .sorted()
                            .toList();
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the name of a test in lists and reports. */
    static String name(String type, String method) {
        return type.substring(PACKAGE.length() + 1) + "." + method;
    }

    private static Path location() {
        try {
            URI uri = RetryTest.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
            return Path.of(uri);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
