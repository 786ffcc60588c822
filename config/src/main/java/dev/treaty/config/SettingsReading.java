package dev.treaty.config;

import dev.treaty.config.YamlNode.Place;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One reading of a configuration: the file, the environment, what is wrong with them and what is in force.
 *
 * <p>There is no list of settings beside the records. Each setting that is asked for claims the variable of its key, so
 * what nobody has claimed in the end is no setting, and everything claimed is what a mistyped name may have meant.
 */
final class SettingsReading {
    /** What the names of variables begin with. */
    static final String PREFIX = "TREATY_";

    /** Variables of the command and its launcher, which are not settings. */
    private static final Set<String> RESERVED = Set.of("TREATY_DEBUG", "TREATY_LOG", "TREATY_JAVA_OPTIONS");

    /** What Kubernetes sets in every container where a service is named {@code treaty} or {@code treaty-…}. */
    private static final Pattern KUBERNETES = Pattern.compile(
            "TREATY_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

    private static final Pattern KUBERNETES_PORT = Pattern.compile("(tcp|udp|sctp)://.*");

    private static final Pattern PLACEHOLDER = Pattern.compile(
            "\\$(?<escape>\\$\\{)|\\$\\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(:(?<otherwise>[^}]*))?}|\\$\\{");

    final String source;
    final Problems problems;
    private final Map<String, String> environment;
    private final Map<String, String> claims = new TreeMap<>();
    private final Map<String, Setting> settings = new LinkedHashMap<>();
    private final List<Section> sections = new ArrayList<>();

    SettingsReading(String source, Map<String, String> environment, Problems problems) {
        this.source = source;
        this.problems = problems;
        this.environment = environment;
    }

    /** Reads on below a key; in the end its keys must all have been asked for. */
    Section section(String path, @Nullable YamlNode node, Place place, String fallback) {
        var section = new Section(this, path, node, place, fallback);
        sections.add(section);
        return section;
    }

    /** The variable of a setting: {@code TREATY_SERVER_PORT} for {@code server.port}. */
    static String variableName(String key) {
        return PREFIX + KeyNames.variable(key);
    }

    /** True where the environment says something about a setting. */
    boolean has(String key) {
        String name = variableName(key);
        return environment.containsKey(name) && !ofKubernetes(name);
    }

    /** True where the environment says something about a setting of that group. */
    boolean hasBelow(String key) {
        String prefix = variableName(key) + "_";
        return environment.keySet().stream().anyMatch(name -> name.startsWith(prefix) && !ofKubernetes(name));
    }

    /** What the environment says about a setting; its variable is claimed from now on. */
    Optional<String> variable(String key) {
        String name = variableName(key);
        String other = claims.putIfAbsent(name, key);
        if (!has(key)) {
            return Optional.empty();
        }
        if (other != null && !other.equals(key)) {
            problems.add(name, Problems.NOWHERE, key, "this variable could also mean " + other + "; use the file");
        }
        return Optional.of(environment.getOrDefault(name, ""));
    }

    private boolean ofKubernetes(String name) {
        boolean port = name.endsWith("_PORT")
                && KUBERNETES_PORT.matcher(environment.getOrDefault(name, "")).matches();
        return port || KUBERNETES.matcher(name).matches();
    }

    /**
     * The text with every {@code ${NAME}} and {@code ${NAME:otherwise}} replaced; <code>$${</code> stands for itself.
     */
    String interpolate(String text) {
        if (text.indexOf('$') < 0) {
            return text;
        }
        return PLACEHOLDER.matcher(text).replaceAll(match -> Matcher.quoteReplacement(replacement(match)));
    }

    private String replacement(MatchResult match) {
        if (match.group("escape") != null) {
            return "${";
        }
        String name = match.group("name");
        if (name == null) {
            throw new IllegalArgumentException(
                    "\"${\" begins a variable that does not end; write ${NAME}, ${NAME:otherwise}, or $${ for itself");
        }
        String value = environment.get(name);
        String otherwise = match.group("otherwise");
        if (value == null && otherwise == null) {
            throw new IllegalArgumentException("the environment has no " + name + "; set it, or write ${" + name
                    + ":otherwise} for what to take then");
        }
        return value != null ? value : otherwise;
    }

    /** Notes what is in force. */
    void inForce(String key, String value, String origin) {
        settings.put(key, new Setting(key, value, origin));
    }

    /**
     * Ends the reading.
     *
     * @return everything in force, in the order of the records
     * @throws ConfigurationException where anything was wrong
     */
    List<Setting> end() {
        sections.forEach(Section::refuseUnknown);
        for (String name : environment.keySet()) {
            boolean known = claims.containsKey(name) || RESERVED.contains(name) || !name.startsWith(PREFIX);
            if (!known && !ofKubernetes(name)) {
                problems.add(name, Problems.NOWHERE, "", unknown(name));
            }
        }
        problems.refuse(source);
        return List.copyOf(settings.values());
    }

    private String unknown(String name) {
        Optional<String> member =
                claims.keySet().stream().filter(c -> c.startsWith(name + "_")).findFirst();
        if (member.isPresent()) {
            return "stands for a group or a list; set one of its values, such as " + member.get();
        }
        String hint = KeyNames.nearest(name, claims.keySet())
                .map(n -> "; did you mean " + n + "?")
                .orElse("");
        return name.startsWith(PREFIX + "SERVICES_")
                ? "no setting has this variable" + hint + " A service's settings can be set so where the file names it"
                : "no setting has this variable" + hint;
    }
}
