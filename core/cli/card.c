#include "cli/card.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "cli/model_text.h"
#include "model/model.h"

/* ---- texts from the file ---- */

/* As one piece of a table's cell: no markup, no line breaks, no controls. */
static void put_text(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7F || (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0)) {
            fputc('?', out);
            c += *c == 0xC2;
        } else if (*c == '<' || *c == '>' || *c == '&') {
            fputs(*c == '<' ? "&lt;" : *c == '>' ? "&gt;" : "&amp;", out);
        } else {
            if (strchr("\\`*_[]|#", *c)) fputc('\\', out);
            fputc(*c, out);
        }
    }
}

static void put_member(FILE *out, const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    put_text(out, text && *text ? text : "not known");
}

static void put_number(FILE *out, const json_t *value)
{
    if (json_is_number(value))
        fprintf(out, "%.3f", json_number_value(value));
    else
        fputs("not known", out);
}

static long long whole(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static void put_names(FILE *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *name = json_string_value(item);
        if (i) fputs(", ", out);
        put_text(out, name ? name : "not known");
    }
}

/* ---- parts of several sections ---- */

static void put_combinations(FILE *out, const json_t *survey)
{
    const json_t *list = json_object_get(survey, "combinations");
    fputs("| modalities present | cases |\n|---|---|\n", out);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i), *names = json_object_get(entry, "modalities");
        fputs("| ", out);
        if (json_array_size(names))
            put_names(out, names);
        else
            fputs(json_is_array(names) ? "none" : "other sets, each of fewer than 10 cases", out);
        fprintf(out, " | %lld |\n", whole(entry, "cases"));
    }
    fputc('\n', out);
}

static void put_labels(FILE *out, const json_t *survey)
{
    const json_t *list = json_object_get(survey, "labels");
    fputs("| label | positive | negative | not known |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        fputs("| ", out);
        put_member(out, entry, "name");
        fprintf(out, " | %lld | %lld | %lld |\n", whole(entry, "positives"), whole(entry, "negatives"),
                whole(entry, "not_known"));
    }
    fputc('\n', out);
}

static void put_group_cases(FILE *out, const json_t *survey)
{
    const json_t *list = json_object_get(survey, "groups");
    fputs("| factor | group | cases |\n|---|---|---|\n", out);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        fputs("| ", out);
        put_member(out, entry, "by");
        fputs(" | ", out);
        put_member(out, entry, "group");
        if (json_is_integer(json_object_get(entry, "cases")))
            fprintf(out, " | %lld |\n", whole(entry, "cases"));
        else
            fputs(" | 1 to 9 |\n", out);
    }
    fputc('\n', out);
}

static void put_measures(FILE *out, const char *group, const json_t *measures)
{
    for (size_t i = 0; i < json_array_size(measures); i++) {
        const json_t *m = json_array_get(measures, i), *ci = json_object_get(m, "auc_ci");
        fprintf(out, "| %s | ", group);
        put_member(out, m, "task");
        fprintf(out, " | %lld | ", whole(m, "cases"));
        put_number(out, json_object_get(m, "auc"));
        if (json_is_number(json_array_get(ci, 0)))
            fprintf(out, " [%.3f, %.3f]", json_number_value(json_array_get(ci, 0)),
                    json_number_value(json_array_get(ci, 1)));
        static const char *const rest[] = {"accuracy", "brier", "calibration_error"};
        for (size_t k = 0; k < 3; k++) {
            fputs(" | ", out);
            put_number(out, json_object_get(m, rest[k]));
        }
        fputs(" |\n", out);
    }
}

static void put_quantities(FILE *out, const json_t *survey)
{
    const json_t *list = json_object_get(survey, "groups");
    size_t small = 0;
    fputs("| group | label | cases | AUC [95 % interval] | accuracy | Brier | calibration error "
          "|\n|---|---|---|---|---|---|---|\n",
          out);
    put_measures(out, "all", json_object_get(survey, "measures"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *by = json_string_value(json_object_get(entry, "by")),
                   *group = json_string_value(json_object_get(entry, "group"));
        char name[128];
        snprintf(name, sizeof name, "%.40s: %.40s", by ? by : "", group ? group : "");
        for (char *c = name; *c; c++)
            if (strchr("<>&|`*_[]#\\", *c) || (unsigned char)*c < 0x20) *c = '?';
        put_measures(out, name, json_object_get(entry, "measures"));
        small += json_is_null(json_object_get(entry, "cases"));
    }
    if (small)
        fprintf(out, "\n%zu group%s of fewer than 10 cases %s not reported.\n", small, small > 1 ? "s" : "",
                small > 1 ? "are" : "is");
    fputc('\n', out);
}

/* ---- sections ---- */

static void put_details(FILE *out, const json_t *model)
{
    const json_t *modalities = json_object_get(model, "modalities"),
                 *labels = json_object_get(model, "labels"),
                 *configuration = json_object_get(model, "configuration");
    fputs("## Model details\n\n| | |\n|---|---|\n| SHA-256 of the file | ", out);
    put_member(out, model, "sha256");
    fprintf(out, " |\n| kind | Consilium hybrid model, version ");
    put_member(out, model, "version");
    fprintf(out, ": an encoder a modality; early, late and cross-modal fusion; gates |\n");
    fprintf(out, "| size | %lld weights; width %lld, %lld heads, %lld blocks |\n", whole(model, "weights"),
            whole(configuration, "width"), whole(configuration, "heads"), whole(configuration, "blocks"));
    for (size_t i = 0; i < json_array_size(labels); i++) {
        const json_t *label = json_array_get(labels, i);
        fputs("| says the probability of | ", out);
        put_member(out, label, "name");
        if (json_is_string(json_object_get(label, "code"))) {
            fputs(" (", out);
            put_member(out, label, "system");
            fputc(' ', out);
            put_member(out, label, "code");
            fputc(')', out);
        }
        fputs(" |\n", out);
    }
    for (size_t i = 0; i < json_array_size(modalities); i++) {
        const json_t *m = json_array_get(modalities, i);
        fputs("| reads | ", out);
        put_member(out, m, "name");
        fputs(", by ", out);
        put_member(out, m, "plugin_id");
        fputc(' ', out);
        put_member(out, m, "plugin_version");
        fprintf(out, "; %zu features, %lld codes |\n", json_array_size(json_object_get(m, "features")),
                whole(m, "vocabulary"));
    }
    fputc('\n', out);
}

static void put_use(FILE *out)
{
    fputs(
        "## Intended use\n\n"
        "A second opinion, beside the files that it was made from, for a clinician who knows the patient; "
        "and "
        "research on cohorts. It says how\nprobable a finding is, how sure that is, and which modality and "
        "entry "
        "moved it. It decides nothing: no treatment, discharge or\npriority may follow from a score alone. "
        "It has "
        "not been cleared as a medical device by anyone; whoever uses it on patients answers\nfor that.\n\n"
        "Out of scope: patients unlike those below, files of other kinds, units or scanners than those of "
        "the "
        "training cases, and screening\nof people where the finding is much rarer or more common than it was "
        "there: probabilities are calibrated to that frequency.\n\n",
        out);
}

static void put_training_data(FILE *out, const json_t *model, const json_t *card)
{
    const json_t *training = json_object_get(model, "training"), *train = json_object_get(card, "train"),
                 *value;
    const char *key;
    fputs("## Training data\n\n", out);
    put_member(out, training, "trained_on");
    fprintf(out, ". %lld cases learned, %lld others chose the epoch and calibrated.\n\n",
            whole(training, "cases"), whole(training, "valid_cases"));
    if (!train) {
        fputs("The file says no more of them.\n\n", out);
        return;
    }
    fputs("Of the cases that learned:\n\n", out);
    put_labels(out, train);
    put_combinations(out, train);
    put_group_cases(out, train);
    fputs("Settings:", out);
    size_t i = 0;
    json_object_foreach(json_object_get(card, "settings"), key, value)
    {
        fputs(i++ ? ", " : " ", out);
        put_text(out, key);
        if (json_is_number(value)) fprintf(out, " %g", json_number_value(value));
    }
    fprintf(out, ". Kept is epoch %lld of %lld.\n\n", whole(training, "epoch"), whole(training, "epochs"));
}

static void put_analyses(FILE *out, const json_t *card, const json_t *tested, const char *cohort)
{
    fputs("## Evaluation data and quantitative analyses\n\n", out);
    if (tested) {
        fputs("### Test cohort ", out);
        put_text(out, cohort);
        fprintf(out, "\n\n%lld cases that took no part in training.\n\n", whole(tested, "cases"));
        put_labels(out, tested);
        put_combinations(out, tested);
        put_quantities(out, tested);
    }
    const json_t *valid = json_object_get(card, "valid");
    fputs("### Cases that chose the epoch and calibrated\n\n", out);
    if (!whole(valid, "cases")) {
        fputs("There were none, or the file does not tell of them.\n\n", out);
        return;
    }
    fprintf(
        out,
        "%lld cases. They fitted no weight, but the epoch and the temperature were chosen on them: expect "
        "less elsewhere.\n\n",
        whole(valid, "cases"));
    put_labels(out, valid);
    put_quantities(out, valid);
}

static void put_calibration(FILE *out, const json_t *model)
{
    const json_t *list = json_object_get(model, "calibration");
    fputs("## Calibration\n\n| output | temperature | cases | positive |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        fputs("| ", out);
        put_member(out, entry, "label");
        fputs(" | ", out);
        put_number(out, json_object_get(entry, "temperature"));
        fprintf(out, " | %lld | %lld |\n", whole(entry, "cases"), whole(entry, "positives"));
    }
    fputs("\nAn interval that `run` gives rests on these cases; few cases make it wide.\n\n", out);
}

/* Groups and combinations that no training case was of. */
static void put_never_seen(FILE *out, const json_t *model, const json_t *card)
{
    const json_t *train = json_object_get(card, "train"), *groups = json_object_get(train, "groups"),
                 *modalities = json_object_get(model, "modalities");
    fputs("## Caveats: what it never saw\n\n", out);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *entry = json_array_get(groups, i), *cases = json_object_get(entry, "cases");
        const char *group = json_string_value(json_object_get(entry, "group"));
        bool unknown = group && !strncmp(group, "not ", 4);
        if (!train || unknown || (json_is_integer(cases) && json_integer_value(cases) >= 10)) continue;
        fprintf(out, "- %s patients of ", json_is_integer(cases) ? "No" : "Fewer than 10");
        put_member(out, entry, "by");
        fputs(" \"", out);
        put_member(out, entry, "group");
        fputs("\".\n", out);
    }
    for (size_t i = 0; i < json_array_size(modalities); i++) {
        const json_t *systems = json_object_get(json_array_get(modalities, i), "code_systems"), *count;
        const char *system;
        if (!json_object_size(systems)) continue;
        fputs("- Of ", out);
        put_member(out, json_array_get(modalities, i), "name");
        fputs(", any code but", out);
        size_t k = 0;
        json_object_foreach((json_t *)(uintptr_t)systems, system, count)
        {
            fprintf(out, "%s %lld of ", k++ ? "," : "", json_integer_value(count));
            put_text(out, *system ? system : "no system");
        }
        fputs("; another counts as its system's default, or as a code that nothing is known of.\n", out);
    }
    fputs("- Any modality that is not listed above, and any feature that an adapter of another version "
          "measures "
          "otherwise.\n- Hospitals, scanners and laboratories other than those of the cohort; the file does "
          "not say "
          "which these were.\n\n",
          out);
}

static void put_card(FILE *out, const json_t *model, const json_t *tested, const char *cohort)
{
    const json_t *card = json_object_get(model, "card");
    fputs("# Model card: ", out);
    put_member(out, model, "file");
    fputs("\n\nThe sections are those of Mitchell et al., *Model Cards for Model Reporting* (2019). It names "
          "no "
          "patient.\n\n",
          out);
    put_details(out, model);
    put_use(out);
    fputs(
        "## Factors\n\nSex as recorded in the files, and age at the last date that they name. Other factors "
        "(origin, device, site) are not in the facts that adapters\nreport, and were not looked at; neither "
        "were "
        "groups by both factors at once.\n\n"
        "## Metrics\n\nAUC: how often a positive case scores higher than a negative one (for times to an "
        "event, "
        "concordance: how often the earlier event has the\nhigher risk), with a bootstrap interval over "
        "cases. "
        "Accuracy: how often the likeliest answer is right. Brier: mean squared error of the\nprobability. "
        "Calibration error: how far confidence and share of right answers lie apart, over 15 bins; in small "
        "groups "
        "it is mostly chance.\nGroups of fewer than 10 cases are not reported.\n\n",
        out);
    put_analyses(out, card, tested, cohort);
    put_training_data(out, model, card);
    put_calibration(out, model);
    fputs("## Ethical considerations\n\nThe model repeats what its labels say: who was examined, who "
          "labelled, and "
          "what was missed then. A group in which it does worse gets worse\ncare if its scores are used "
          "alike for "
          "all; compare the rows above before use. Findings and contributions say what moved the score, "
          "not\nwhat "
          "causes the disease.\n\n",
          out);
    put_never_seen(out, model, card);
}

csl_status csl_print_card(FILE *out, const char *path, const json_t *tested, const char *cohort,
                          csl_error *error)
{
    csl_mapping file;
    json_t *all = NULL, *model = NULL;
    csl_status status = csl_map(path, &file, error);
    if (status != CSL_OK) return status;
    status = csl_model_describe(&file, path, false, &model, error);
    if (status == CSL_OK && !(all = csl_about_file(path, &file, error)))
        status = CSL_ENOMEM;
    else if (status == CSL_OK && json_object_update(all, model))
        status = csl_fail(error, CSL_ENOMEM, path, "no memory for the card");
    if (status == CSL_OK) put_card(out, all, tested, cohort);
    json_decref(all);
    json_decref(model);
    csl_unmap(&file);
    return status;
}
