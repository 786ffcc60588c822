package dev.treaty.house;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds cycles between the packages of a module in its compiled classes; the module's root package is left out. */
final class PackageCycles {
    private final Map<String, Set<String>> uses = new TreeMap<>();
    private final Set<String> done = new HashSet<>();
    private final List<String> path = new ArrayList<>();
    private final List<String> cycles = new ArrayList<>();

    private PackageCycles(String module) {
        for (Path file : Repository.compiled(module)) {
            if (file.endsWith("module-info.class")) {
                continue;
            }
            ClassModel compiled = ClassFile.of().parse(Repository.bytes(file));
            Set<String> used =
                    uses.computeIfAbsent(packageOf(compiled.thisClass().asInternalName()), _ -> new TreeSet<>());
            for (PoolEntry entry : compiled.constantPool()) {
                if (entry instanceof ClassEntry type && type.asInternalName().startsWith("dev/treaty/")) {
                    used.add(packageOf(type.asInternalName()));
                }
            }
        }
        uses.keySet().stream()
                .min(String::compareTo)
                .filter(_ -> uses.size() > 1)
                .ifPresent(this::leaveOut);
    }

    /**
     * The root package is the prefix of all others; a module without one, such as `core`, keeps all of its packages.
     */
    private void leaveOut(String shortest) {
        if (uses.keySet().stream().allMatch(name -> name.equals(shortest) || name.startsWith(shortest + "."))) {
            uses.remove(shortest);
        }
    }

    /** Returns each cycle once, such as `a -> b -> a`. */
    static List<String> in(String module) {
        var graph = new PackageCycles(module);
        graph.uses.keySet().forEach(graph::follow);
        return graph.cycles;
    }

    private void follow(String name) {
        int seen = path.indexOf(name);
        if (seen >= 0) {
            cycles.add(String.join(" -> ", path.subList(seen, path.size())) + " -> " + name);
            return;
        }
        if (!done.add(name)) {
            return;
        }
        path.add(name);
        for (String next : uses.getOrDefault(name, Set.of())) {
            if (!next.equals(name) && uses.containsKey(next)) {
                follow(next);
            }
        }
        path.removeLast();
    }

    private static String packageOf(String internalName) {
        return internalName.substring(0, internalName.lastIndexOf('/')).replace('/', '.');
    }
}
