/* Clinical notes: the free text of a case as the stream `note`. docs/note.md says what is read where and how.
 *
 * The functions below take texts out of each dialect and read them into record->notes at once; none does
 * anything where the user wants no notes. A text that cannot be read (a PDF, a foreign character set) is
 * warned of, never a reason to refuse a record. */
#ifndef RECORD_NOTE_NOTE_H
#define RECORD_NOTE_NOTE_H

#include "../event.h"
#include "book.h"

/* FHIR. True for a type of resource that is a note or holds one: DocumentReference, DiagnosticReport,
 * Composition, ClinicalImpression, Binary. */
bool note_is_resource(const char *type);
/* The texts of such a resource, which stands and is about the patient. */
void note_resource(rec_record *record, const rec_node *resource, const char *type);
/* The annotations (`note`) of any resource. time: of the resource, where an annotation has none. */
void note_annotations(rec_record *record, const rec_node *resource, const rec_date *time);

/* C-CDA: the narrative of a section without entries, or of a section of notes; `coded`: of a section whose
 * entries the record's reader knows. And a document's body that is one text. */
void note_section_text(rec_record *record, const rec_node *section, bool coded);
void note_body_text(rec_record *record, const rec_node *document);

/* A file of plain text. How sure that it is a clinical note, from its first bytes: 60, or 0. RTF and PDF are
 * claimed too, to be named in a warning. */
uint32_t note_probe(const uint8_t *head, uint64_t length);
void note_file(rec_record *record, const csl_input *input);

#endif
