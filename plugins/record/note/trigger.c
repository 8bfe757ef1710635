#include "trigger.h"

#include "context.h"

enum {
    FAM = 1 << NOTE_FAMILY,
    NEG = 1 << NOTE_NEGATED,
    UNC = 1 << NOTE_UNCERTAIN,
    HIST = 1 << NOTE_HISTORICAL
};

/* Kinds of trigger after NegEx 2001 and ConText 2009, which print what they are; the words are those of
 * English notes. "r o", "h o", "s p", "w o" are r/o, h/o, s/p, w/o. */
const note_trigger note_trigger_table[] = {
    /* Look like triggers. */
    {0, 0, false, false,
     "no increase|no decrease|no change|no interval change|no significant change|no definite change|no "
     "further|no "
     "longer|no doubt|no need|not only|not just|not necessarily|not certain if|not certain whether|not "
     "sure|not "
     "cause|not caused|not extend|not drain|not think|gram negative|without difficulty|without "
     "further|without any "
     "further|without change|without contrast|with and without|without and with|without incident|without "
     "complication|without complications|negative margins|negative pressure|negative affect|rh negative|if "
     "negative|with or "
     "without|whether or not"},
    {0, 0, false, false,
     "history and physical|history physical|history taking|poor history|history and examination|history of "
     "present "
     "illness|history of presenting illness|history of the present illness|social history|clinical "
     "history|patient "
     "history|medical history|surgical history|day history of|days history of|week history of|weeks history "
     "of|month "
     "history of|hour history of|history from|history is obtained|history was obtained|detailed "
     "history|prior to|past "
     "the|past due|previously well|previously healthy"},
    {0, 0, false, false,
     "by his wife|by her husband|by his mother|by her mother|with his wife|with her husband|with his "
     "mother|with her "
     "mother|with his family|with her family|with family|family physician|family doctor|family "
     "practice|family "
     "medicine|family meeting|family members"},
    {0, 0, false, false, "may 0|rule of|as possible|know if|see if|ask if|possible to|maybe discharged"},

    /* Before what they deny. */
    {NEG, 0, true, false,
     "no|not|without|w o|denies|denied|denying|denies the following|no evidence of the following|negative "
     "for the following|deny|never|never had|nor|neither|absence of|cannot "
     "see|declined|declines|fails to reveal|failed to reveal|fails to show|free of|free from|negative "
     "for|negative "
     "examination for|lack of|lacks|lacked|lacking|no cause of|no complaints of|no complaint of|no "
     "evidence|no evidence of|no new evidence of|no other evidence of|no evidence to suggest|no findings "
     "of|no findings "
     "to indicate|no finding of|no sign of|no signs of|no suggestion of|no history "
     "of|no hx of|no h o|no prior history of|no past history of|"
     "not appear|not appreciate|not associated with|not complain of|not demonstrate|not "
     "exhibit|not feel|not had|not have|not having|not know of|not known to have|not reveal|not see|not to "
     "be|not "
     "show|patient was not|rather than|resolved|ruled out|rules out|ruled him out for|ruled her out "
     "for|ruled patient "
     "out for|to exclude|unremarkable for|with no|with no evidence of|without evidence of|without "
     "any|without any "
     "evidence of|without sign of|without signs of|without indication "
     "of|doesn't|didn't|don't|isn't|wasn't|aren't|"
     "weren't|hasn't|haven't|cannot|can't|excludes|excluded|unable to identify|test negative for|tested "
     "negative for"},
    /* Behind it. */
    {NEG, 0, false, true,
     "is ruled out|was ruled out|are ruled out|were ruled out|has been ruled out|have been ruled out|been "
     "ruled out|"
     "being ruled out|is excluded|was excluded|has been excluded|are excluded|unlikely|is unlikely|are "
     "unlikely|is "
     "negative|was negative|were negative|are negative|negative|is absent|are absent|was absent|not seen|is "
     "not "
     "seen|are not seen|was not seen|were not seen|not present|is not present|are not present|not "
     "identified|is not "
     "identified|are not identified|was not identified|were not identified|not demonstrated|not detected|was "
     "not "
     "detected|not noted|not appreciated|is not appreciated|not evident|is not evident|not visualized|is not "
     "visualized|not found|was not found|is denied|are denied|was denied|has resolved|have resolved|is "
     "resolved"},

    {NEG, 0, true, true, "absent|none"},

    /* Possible, to be looked for, or depending on something. */
    {UNC, 0, true, false,
     "possible|possibly|probable|probably|likely|most likely|suspect|suspects|suspected|suspicious "
     "for|suspicion "
     "of|suspicion for|may|may be|may have|might|might be|might have|could|could be|could have|could "
     "represent|may "
     "represent|perhaps|maybe|presumed|presumably|presumptive|question of|questionable|concern "
     "for|concerning "
     "for|concerned for|worrisome for|suggestive of|suggesting|cannot exclude|can not exclude|cannot rule "
     "out|can not "
     "rule out|can't rule out|not exclude|does not exclude|rule out|r o|rule him out "
     "for|rule her out for|rule the patient out for|to rule out|evaluate for|evaluation for|assess for|to "
     "assess "
     "for|monitor for|watch for|check for|checked for|look for|looking for|screen for|screening "
     "for|differential "
     "diagnosis|differential diagnosis includes|differential includes|versus|vs|consider|considered|at risk "
     "for|risk of|risk for|risks of|be ruled out for|should be ruled out for|equivocal for|if|should "
     "he|should she|should "
     "the|should there|in case of|return for|return if|returning for|call for|call if|come back for|come "
     "back if|look "
     "out for|in the event of|as needed for|prn for|prophylaxis for|what must be ruled out is|susceptible "
     "to"},
    {UNC, 0, false, true,
     "is possible|is probable|is likely|are possible|is suspected|was suspected|are suspected|is "
     "questionable|is "
     "considered|was considered|cannot be excluded|can not be excluded|cannot be ruled out|can not be ruled "
     "out|could be "
     "ruled out|should be ruled out|must be ruled out|might be ruled out|may be ruled out|to be ruled "
     "out|not be ruled "
     "out|not been ruled out|is to be ruled out|did not rule out|has not been ruled out|will be ruled "
     "out|ought to be ruled out|is in the differential"},

    {UNC, 0, true, true, "not ruled out|prophylaxis"},

    /* Past. */
    {HIST, 0, true, false,
     "history of|history|past history of|past medical history of|past medical history|past surgical "
     "history|h o|hx|hx "
     "of|pmh|pmhx|previous|previously|prior|prior history of|known history of|known to have|in the past "
     "for|pre existing|preexisting|status post|s p|past|remote|in childhood|as a child"},
    {HIST, 0, false, true,
     "years ago|year ago|months ago|in the past|in childhood|as a child|in her past|in his past"},

    /* A relative's. */
    {FAM, 0, true, false,
     "family history|family history of|fh|fhx|family hx|family h "
     "o|mother|mother's|mom|mom's|father|father's|dad|dad's|"
     "sister|sister's|sisters|brother|brother's|brothers|aunt|aunt's|uncle|uncle's|grandmother|grandmother's|"
     "grandfather|"
     "grandfather's|grandparents|cousin|cousin's|son|son's|daughter|daughter's|sibling|siblings|parents|"
     "maternal|"
     "paternal|relatives|husband|husband's|wife|wife's|roommate|roommate's"},
    {FAM, 0, false, true,
     "in his mother|in her mother|in his father|in her father|in his brother|in her brother|in his sister|in "
     "her "
     "sister|in the family|runs in the family|in a sibling|in multiple relatives"},

    /* End scopes. */
    {0, NEG | UNC, false, false,
     "but|however|nevertheless|yet|though|although|except|except for|apart from|aside from|other "
     "than|besides|still|"
     "secondary to|as a cause of|as the cause of|as an etiology for|as the etiology of|as the etiology "
     "for|as the source "
     "of|as a source of|as a reason for|as the reason for|as an origin of|as the origin of|as a secondary "
     "cause of|cause "
     "for|cause of|causes of|causes for|etiology for|etiology of|origin of|origin for|reason for|reason "
     "of|reasons "
     "for|source of|source for|trigger event for|to account for|to explain|due to|because|because of"},
    {0, HIST | FAM, false, false,
     "he|she|patient|pt|patient's|presented|presents|presenting|presented with|complains|complains "
     "of|complaining|complaining of|coming in with|comes in with|was found|was found to "
     "have|states|stated|reports|"
     "reported|currently|now|today|noted|recent|recently|admitted|admitted with|admitted for|here with|now "
     "with|"
     "emergency department"},
    {0, NEG | UNC | HIST | FAM, false, false, "presenting with|presents with"},
    {0, NEG | UNC | FAM, false, false, "who|which"},
    {0, NEG | UNC | HIST, false, false, "since"},
    {0, FAM, false, false, "his|her"},
    {0, HIST, false, false, "consistent with|sudden onset of"},
};
const size_t note_trigger_count = sizeof note_trigger_table / sizeof *note_trigger_table;
