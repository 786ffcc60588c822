package dev.treaty.example.shop;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import java.util.HashSet;
import java.util.List;

/** Validates requests to the shop. */
final class Checks {
    static final int ID_LENGTH_MAX = 64;

    static final int LINES_MAX = 100;

    static final int QUANTITY_MAX = 1_000;

    private Checks() {}

    static void id(String what, String id) {
        if (id.isBlank() || id.length() > ID_LENGTH_MAX) {
            throw invalid("the " + what + "'s id has " + id.length() + " characters: use 1 to " + ID_LENGTH_MAX);
        }
    }

    static void lines(List<Line> lines) {
        if (lines.isEmpty() || lines.size() > LINES_MAX) {
            throw invalid("the order has " + lines.size() + " lines: use 1 to " + LINES_MAX);
        }
        var products = new HashSet<String>();
        for (Line line : lines) {
            if (line.quantity() < 1 || line.quantity() > QUANTITY_MAX) {
                throw invalid(
                        "the quantity of " + line.product() + " is " + line.quantity() + ": use 1 to " + QUANTITY_MAX);
            }
            if (!products.add(line.product())) {
                throw invalid("product " + line.product() + " is on two lines: add them up");
            }
        }
    }

    static ServiceException invalid(String message) {
        return new ServiceException(Code.INVALID_ARGUMENT, message);
    }
}
