package dev.treaty.cli.contract;

import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Style;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.compatibility.Compatibility;
import dev.treaty.core.contract.compatibility.Difference;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/** How two versions of a contract compare, for people and for machines. */
final class DifferenceReport {
    private final ServiceContract older;
    private final ServiceContract newer;
    private final Compatibility compatibility;

    DifferenceReport(ServiceContract older, ServiceContract newer, Compatibility compatibility) {
        this.older = older;
        this.newer = newer;
        this.compatibility = compatibility;
    }

    static DifferenceReport between(ServiceContract older, ServiceContract newer) {
        return new DifferenceReport(older, newer, Compatibility.between(older, newer));
    }

    Compatibility compatibility() {
        return compatibility;
    }

    void print(PrintWriter out, Ansi ansi) {
        out.println(older.name() + " " + older.version() + " -> " + newer.version());
        if (compatibility.differences().isEmpty()) {
            out.println(
                    older.fingerprint().equals(newer.fingerprint())
                            ? "  they promise the same"
                            : "  they promise the same, in another order");
        }
        compatibility.differences().stream()
                .sorted(Comparator.comparing(DifferenceReport::breaks).reversed())
                .forEach(difference -> out.println(
                        "  " + style(difference).paint(ansi, "%-25s".formatted(word(difference))) + difference));
        out.println("  clients of " + older.version() + " and servers of " + newer.version() + ": "
                + verdict(ansi, compatibility.oldClientsWork()));
        out.println("  clients of " + newer.version() + " and servers of " + older.version() + ": "
                + verdict(ansi, compatibility.newClientsWork()));
    }

    private static boolean breaks(Difference difference) {
        return difference.breaksOldClients();
    }

    private static String word(Difference difference) {
        return difference.breaksOldClients() && difference.breaksNewClients()
                ? "breaks old, new clients"
                : difference.breaksOldClients()
                        ? "breaks old clients"
                        : difference.breaksNewClients() ? "breaks new clients" : "harmless";
    }

    private static Style style(Difference difference) {
        return difference.breaksOldClients()
                ? Style.FAULT
                : difference.breaksNewClients() ? Style.WARNING : Style.FAINT;
    }

    private static String verdict(Ansi ansi, boolean works) {
        return works ? Style.GOOD.paint(ansi, "every call works") : Style.FAULT.paint(ansi, "calls fail");
    }

    Map<String, Object> document() {
        var document = new LinkedHashMap<String, Object>();
        document.put("older", JsonDocuments.of(older));
        document.put("newer", JsonDocuments.of(newer));
        document.put("oldClientsWork", compatibility.oldClientsWork());
        document.put("newClientsWork", compatibility.newClientsWork());
        document.put(
                "differences",
                compatibility.differences().stream()
                        .map(DifferenceReport::document)
                        .toList());
        return document;
    }

    private static Map<String, Object> document(Difference difference) {
        var document = new LinkedHashMap<String, Object>();
        document.put("kind", difference.kind().word());
        document.put("message", word(difference.message()));
        document.put("where", difference.where());
        document.put("operations", difference.operations());
        document.put("oldClients", word(difference.oldClients()));
        document.put("newClients", word(difference.newClients()));
        document.put("text", difference.text());
        return document;
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
