package dev.treaty.example.shop;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import java.util.HashSet;
import java.util.List;

/** What the shop asks of every request, with one clear sentence where it is not so. */
final class Checks {
    /** The longest id, in characters. */
    static final int ID_LENGTH_MAX = 64;

    /** The most lines of an order. */
    static final int LINES_MAX = 100;

    /** The most of one product in an order. */
    static final int QUANTITY_MAX = 1_000;

    private Checks() {}

    static void id(String what, String id) {
        if (id.isBlank() || id.length() > ID_LENGTH_MAX) {
            throw refusal("the " + what + "'s id has " + id.length() + " characters: use 1 to " + ID_LENGTH_MAX);
        }
    }

    static void lines(List<Line> lines) {
        if (lines.isEmpty() || lines.size() > LINES_MAX) {
            throw refusal("the order has " + lines.size() + " lines: use 1 to " + LINES_MAX);
        }
        var products = new HashSet<String>();
        for (Line line : lines) {
            if (line.quantity() < 1 || line.quantity() > QUANTITY_MAX) {
                throw refusal(
                        "the quantity of " + line.product() + " is " + line.quantity() + ": use 1 to " + QUANTITY_MAX);
            }
            if (!products.add(line.product())) {
                throw refusal("product " + line.product() + " stands on two lines: add them up");
            }
        }
    }

    static ServiceException refusal(String sentence) {
        return new ServiceException(Code.INVALID_ARGUMENT, sentence);
    }
}
