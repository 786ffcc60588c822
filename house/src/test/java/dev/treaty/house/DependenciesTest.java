package dev.treaty.house;

import static java.util.Map.entry;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DependenciesTest {

    private static final String OWN_GROUP = "dev.treaty:";

    /** The modules that each module may depend on at run time, in the order of the build. */
    private static final Map<String, Set<String>> MAY_NEED = Map.ofEntries(
            entry("core", Set.of()),
            entry("resilience", Set.of("core")),
            entry("balance", Set.of("core")),
            entry("registry", Set.of("core")),
            entry("registry-etcd", Set.of("core", "registry")),
            entry("registry-zookeeper", Set.of("core", "registry")),
            entry("registry-dns", Set.of("core", "registry")),
            entry("registry-compat", Set.of("core", "codec", "registry", "http")),
            entry("certificates", Set.of("core")),
            entry("codec", Set.of("core")),
            entry("security", Set.of("core", "codec")),
            entry("http", Set.of("core", "codec")),
            entry("config", Set.of("core", "resilience", "balance", "registry", "security")),
            entry("observe", Set.of("core")),
            entry("facade", upTo("observe")),
            entry("simulation", upTo("facade")),
            entry("cli", upTo("certificates")),
            entry("demo", upTo("cli")),
            entry("benchmarks", upTo("demo")),
            entry("examples/shop", upTo("facade")),
            entry("stress", Set.of("core", "resilience", "balance")),
            entry("tck-microprofile", Set.of()),
            entry("format", Set.of()),
            entry("house", Set.of()));

    /** The modules without third-party dependencies. */
    private static final Set<String> WITHOUT_LIBRARIES = Set.of("core", "resilience", "balance", "registry");

    private static final String JSPECIFY = "org.jspecify";

    private static Set<String> upTo(String last) {
        List<String> ladder = List.of(
                "core",
                "resilience",
                "balance",
                "codec",
                "security",
                "registry",
                "http",
                "config",
                "observe",
                "facade",
                "simulation",
                "registry-etcd",
                "registry-zookeeper",
                "registry-dns",
                "registry-compat",
                "certificates",
                "cli",
                "demo");
        return new HashSet<>(ladder.subList(0, ladder.indexOf(last) + 1));
    }

    @Test
    void every_module_is_in_the_order_of_dependencies() {
        new Rule(
                        "Every module is listed in the order of dependencies; these are missing:",
                        "add it to the table in DependenciesTest, with as few dependencies as possible.")
                .expectNone(Repository.modules().stream()
                        .filter(module -> !MAY_NEED.containsKey(module))
                        .toList());
    }

    @Test
    void modules_depend_only_on_allowed_modules() {
        List<String> findings = new ArrayList<>();
        for (String module : Repository.modules()) {
            for (String needed : neededByPom(module)) {
                if (!MAY_NEED.getOrDefault(module, Set.of()).contains(needed)) {
                    findings.add(module + "/pom.xml depends on " + needed);
                }
            }
            for (String needed : neededByDescriptor(module)) {
                if (!MAY_NEED.getOrDefault(module, Set.of()).contains(needed)) {
                    findings.add(module + "/src/main/java/module-info.java requires " + needed);
                }
            }
        }
        new Rule(
                        "A module depends only on the modules that the table of DependenciesTest allows:",
                        "move shared code to the module that both depend on, or pass it to a constructor.")
                .expectNone(findings);
    }

    @Test
    void the_foundation_has_no_third_party_dependencies() {
        List<String> findings = new ArrayList<>();
        for (String module : WITHOUT_LIBRARIES) {
            for (String needed : Repository.declaredDependencies(module)) {
                if (!needed.startsWith(OWN_GROUP) && !needed.startsWith(JSPECIFY)) {
                    findings.add(module + "/pom.xml depends on " + needed);
                }
            }
            for (Requires required : requires(module)) {
                String name = required.name();
                boolean free = name.startsWith("java.") || name.startsWith("dev.treaty") || name.equals(JSPECIFY);
                if (!free) {
                    findings.add(module + "/src/main/java/module-info.java requires " + name);
                }
            }
        }
        new Rule(
                        "The modules " + WITHOUT_LIBRARIES + " depend on nothing but the JDK and JSpecify:",
                        "implement the small part that is needed, or put the library behind an interface, in a"
                                + " module that depends on this one.")
                .expectNone(findings);
    }

    @Test
    void a_module_exports_its_root_package_and_spi() {
        List<String> findings = new ArrayList<>();
        for (String module : Repository.modules()) {
            Optional<ModuleDescriptor> descriptor = Repository.descriptor(module);
            if (descriptor.isEmpty()) {
                continue;
            }
            String root = descriptor.get().name();
            for (ModuleDescriptor.Exports export : descriptor.get().exports()) {
                boolean expected = export.isQualified()
                        || export.source().equals(root)
                        || export.source().equals(root + ".spi")
                        || (module.equals("core") && export.source().startsWith(root + "."));
                if (!expected) {
                    findings.add(module + " exports " + export.source());
                }
            }
        }
        new Rule(
                        "A module exports its root package, and a package `spi` if others implement it; other"
                                + " packages are exported to named modules of Treaty at most:",
                        "move what users name into the root package, or qualify the export.")
                .expectNone(findings);
    }

    @Test
    void packages_of_a_module_form_no_cycle() {
        List<String> findings = new ArrayList<>();
        for (String module : Repository.modules()) {
            findings.addAll(PackageCycles.in(module));
        }
        new Rule(
                        "The subpackages of a module form no cycle (its root package may use them and be used by"
                                + " them):",
                        "move a class to the package that uses it, or to one below both.")
                .expectNone(findings);
    }

    private static List<String> neededByPom(String module) {
        Map<String, String> modules = byArtifact();
        return Repository.declaredDependencies(module).stream()
                .filter(dependency -> dependency.startsWith(OWN_GROUP))
                .map(dependency -> dependency.substring(OWN_GROUP.length()))
                .map(artifact -> modules.getOrDefault(artifact, artifact))
                .toList();
    }

    private static List<String> neededByDescriptor(String module) {
        return requires(module).stream()
                .map(Requires::name)
                .filter(name -> name.startsWith("dev.treaty"))
                .map(name -> name.equals("dev.treaty")
                        ? "facade"
                        : name.substring("dev.treaty.".length()).replace('.', '-'))
                .toList();
    }

    private static Set<Requires> requires(String module) {
        return Repository.descriptor(module).map(ModuleDescriptor::requires).orElse(Set.of());
    }

    private static Map<String, String> byArtifact() {
        Map<String, String> modules = new HashMap<>();
        Repository.modules().forEach(module -> modules.put(Repository.artifact(module), module));
        return modules;
    }
}
