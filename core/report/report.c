#include "report/report.h"

#include "batch/batch.h"
#include "report/page.h"

static const char *fact(void *context, const char *name)
{
    return csl_store_fact(context, name);
}

static csl_status each(void *context, int (*visit)(void *, const csl_stored_case *), void *visitor,
                       csl_error *error)
{
    return csl_store_each(context, visit, visitor, error);
}

csl_status csl_report_html(const char *out_folder, char **path, csl_error *error)
{
    csl_store *store = NULL;
    *path = NULL;
    csl_status status = csl_store_open_read(out_folder, &store, error);
    if (status != CSL_OK) return status;
    page_source source = {.folder = out_folder, .context = store, .fact = fact, .each = each};
    status = page_write_all(&source, path, error);
    csl_store_close(store);
    return status;
}
