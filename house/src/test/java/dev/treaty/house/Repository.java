package dev.treaty.house;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** The files of this repository. */
final class Repository {

    static final Path ROOT = root();

    /** Generated directories, and the hidden ones that are part of the repository. */
    private static final Set<String> GENERATED = Set.of("target", "node_modules");

    private static final Set<String> HIDDEN_SOURCES = Set.of(".ci", ".mvn", ".github");

    /** The modules that applications depend on. */
    private static final List<String> LIBRARIES = List.of(
            "core",
            "resilience",
            "balance",
            "codec",
            "registry",
            "registry-etcd",
            "registry-zookeeper",
            "registry-dns",
            "registry-compat",
            "http",
            "config",
            "observe",
            "facade",
            "simulation");

    private Repository() {}

    /** Returns the directories of the modules that applications depend on. */
    static List<String> libraries() {
        return LIBRARIES;
    }

    /** Returns the directories of all modules, in the order of the parent pom. */
    static List<String> modules() {
        return texts(pom(ROOT), "modules", "module");
    }

    /** Returns the run-time dependencies in the pom of a module, as {@code group:artifact}. */
    static List<String> declaredDependencies(String module) {
        NodeList found = pom(ROOT.resolve(module)).getElementsByTagName("dependency");
        return IntStream.range(0, found.getLength())
                .mapToObj(i -> (Element) found.item(i))
                .filter(dependency -> !text(dependency, "scope").equals("test"))
                .map(dependency -> text(dependency, "groupId") + ":" + text(dependency, "artifactId"))
                .toList();
    }

    static String artifact(String module) {
        Element project = pom(ROOT.resolve(module)).getDocumentElement();
        return children(project, "artifactId").getFirst().getTextContent().strip();
    }

    /** Returns the compiled descriptor of a module, if it has one. */
    static Optional<ModuleDescriptor> descriptor(String module) {
        if (!Files.exists(ROOT.resolve(module, "src/main/java/module-info.java"))) {
            return Optional.empty();
        }
        Path compiled = classes(module).resolve("module-info.class");
        try (InputStream in = Files.newInputStream(compiled)) {
            return Optional.of(ModuleDescriptor.read(in));
        } catch (IOException e) {
            throw new UncheckedIOException(compiled + " cannot be read; compile first: mvn compile", e);
        }
    }

    /** Returns the compiled classes of a module's main code, without descriptors. */
    static List<Path> compiled(String module) {
        Path classes = classes(module);
        if (!Files.isDirectory(classes)) {
            return List.of();
        }
        return walk(
                classes,
                file -> file.toString().endsWith(".class")
                        && !file.getFileName().toString().equals("module-info.class"));
    }

    private static Path classes(String module) {
        return ROOT.resolve(module, "target/classes");
    }

    /** Returns all text files that are not generated, in order. */
    static List<Text> texts() {
        return walk(ROOT, _ -> true).stream()
                .flatMap(file -> text(file).stream())
                .toList();
    }

    private static Optional<Text> text(Path file) {
        try {
            String content = Files.readString(file);
            return content.indexOf('\0') < 0 ? Optional.of(new Text(file, content)) : Optional.empty();
        } catch (CharacterCodingException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Path> files(String suffix) {
        return walk(ROOT, file -> file.toString().endsWith(suffix));
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the path of a file from the root, with forward slashes. */
    static String name(Path file) {
        return ROOT.relativize(file).toString().replace('\\', '/');
    }

    private static List<Path> walk(Path from, Predicate<Path> wanted) {
        List<Path> found = new ArrayList<>();
        try {
            Files.walkFileTree(from, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    String name = directory.getFileName().toString();
                    boolean skipped = !directory.equals(from)
                            && (GENERATED.contains(name) || (name.startsWith(".") && !HIDDEN_SOURCES.contains(name)));
                    return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    // `.git` is a file in a linked work tree
                    if (wanted.test(file) && !file.getFileName().toString().equals(".git")) {
                        found.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        found.sort(null);
        return found;
    }

    private static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve(".ci/run"))) {
            directory = directory.getParent();
            if (directory == null) {
                throw new IllegalStateException("run these tests within the repository");
            }
        }
        return directory;
    }

    private static Document pom(Path directory) {
        try {
            return DocumentBuilderFactory.newDefaultInstance()
                    .newDocumentBuilder()
                    .parse(directory.resolve("pom.xml").toFile());
        } catch (Exception e) {
            throw new IllegalStateException("cannot read the pom of " + directory, e);
        }
    }

    private static List<String> texts(Document document, String parent, String child) {
        Element element = (Element) document.getElementsByTagName(parent).item(0);
        return children(element, child).stream()
                .map(node -> node.getTextContent().strip())
                .toList();
    }

    private static String text(Element parent, String child) {
        List<Element> found = children(parent, child);
        return found.isEmpty() ? "" : found.getFirst().getTextContent().strip();
    }

    private static List<Element> children(Element parent, String name) {
        NodeList nodes = parent.getChildNodes();
        Stream<Node> children = IntStream.range(0, nodes.getLength()).mapToObj(nodes::item);
        return children.filter(node -> node.getNodeName().equals(name))
                .map(Element.class::cast)
                .toList();
    }
}
