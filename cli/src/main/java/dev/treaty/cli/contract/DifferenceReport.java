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

/** The differences between two versions of a contract, as text or JSON. */
record DifferenceReport(ServiceContract older, ServiceContract newer, Compatibility compatibility) {
    static DifferenceReport between(ServiceContract older, ServiceContract newer) {
        return new DifferenceReport(older, newer, Compatibility.between(older, newer));
    }

    void print(PrintWriter out, Ansi ansi) {
        out.println(older.name() + " " + older.version() + " -> " + newer.version());
        if (compatibility.differences().isEmpty()) {
            out.println("  no differences" + (older.fingerprint().equals(newer.fingerprint()) ? "" : " but the order"));
        }
        compatibility.differences().stream()
                .sorted(Comparator.comparing(Difference::breaksOldClients).reversed())
                .forEach(difference -> print(out, ansi, difference));
        verdict(out, ansi, older, newer, compatibility.oldClientsWork());
        verdict(out, ansi, newer, older, compatibility.newClientsWork());
    }

    private static void print(PrintWriter out, Ansi ansi, Difference difference) {
        boolean old = difference.breaksOldClients();
        boolean both = old && difference.breaksNewClients();
        Style style = old ? Style.FAULT : difference.breaksNewClients() ? Style.WARNING : Style.FAINT;
        String impact = both
                ? "breaks old, new clients"
                : old ? "breaks old clients" : difference.breaksNewClients() ? "breaks new clients" : "harmless";
        out.println("  " + style.paint(ansi, "%-25s".formatted(impact)) + difference);
    }

    private static void verdict(
            PrintWriter out, Ansi ansi, ServiceContract client, ServiceContract server, boolean works) {
        out.println("  clients of " + client.version() + " and servers of " + server.version() + ": "
                + (works ? Style.GOOD.paint(ansi, "every call works") : Style.FAULT.paint(ansi, "calls fail")));
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
