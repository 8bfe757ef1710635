"""Clinical scores beside other programs, at random inputs: scores.py SCORES_VALUES MEDCALC AMSCORER KIDNEY

SCORES_VALUES is build/tests/scores_values, the others are checkouts: MedCalc-Bench of the NIH
(https://github.com/ncbi-nlp/MedCalc-Bench), and of CRAN's packages amscorer and kidney.epi, for which Rscript is needed.
Prints, of each score, how many were compared and how many differ.
"""
import importlib.util
import os
import random
import subprocess
import sys
from collections import Counter

values, medcalc, amscorer, kidney = (os.path.abspath(path) for path in sys.argv[1:5])
draw = random.Random(7)
lines, expected = [], []  # (name, tolerance, value)


def add(name, line, value, tolerance=1e-4):
    lines.append(line)
    expected.append((name, tolerance, float(value)))


def calculator(name):
    folder = os.path.join(medcalc, 'calculator_implementations')
    if folder not in sys.path:
        sys.path.insert(0, folder)
        os.chdir(folder)
    spec = importlib.util.spec_from_file_location(name.replace('-', '_'), os.path.join(folder, name + '.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def laboratory():
    egfr = calculator('ckd-epi_2021_creatinine').ckd_epi_2021_explanation
    fib4 = calculator('fibrosis_4').compute_fib4_explanation
    for _ in range(2000):
        creatinine, age, male = round(draw.uniform(.3, 9), 2), draw.randint(18, 95), draw.randint(0, 1)
        if not male or creatinine > .9:  # of men below it, it takes the constant of women
            given = {'age': [age, 'years'], 'creatinine': [creatinine, 'mg/dL'], 'sex': 'Male' if male else 'Female'}
            add('eGFR, MedCalc-Bench', f'e {creatinine} {age} {male}', egfr(given)['Answer'])
        ast, alt, platelets = draw.randint(10, 400), draw.randint(10, 400), draw.randint(20, 500)
        given = {'age': [age, 'years'], 'ast': [ast, 'U/L'], 'alt': [alt, 'U/L'], 'platelet_count': [platelets * 1e3, 'µL']}
        add('FIB-4, MedCalc-Bench', f'f {age} {ast} {alt} {platelets}', fib4(given)['Answer'])


def conditions():
    """Bits as scores.h has them; of two degrees of one disease the milder one stands beside at times."""
    charlson = calculator('cci').compute_cci_explanation
    cha2ds2 = calculator('cha2ds2_vasc_score').generate_cha2ds2_vasc_explanation
    yes_or_no = {'mi': 0, 'chf': 1, 'peripheral_vascular_disease': 2, 'cva': 3, 'dementia': 4, 'copd': 5,
                 'connective_tissue_disease': 6, 'peptic_ucler_disease': 7, 'hemiplegia': 11,
                 'moderate_to_severe_ckd': 12, 'aids': 16}
    degrees = {'liver_disease': (('none', 'mild', 'moderate to severe'), 8, 14),
               'diabetes_mellitus': (('none or diet-controlled', 'uncomplicated', 'end-organ damage'), 9, 10),
               'solid_tumor': (('none', 'localized', 'metastatic'), 13, 15)}
    risks = {'chf': [1], 'hypertension': [18], 'stroke': [3], 'thromboembolism': [19], 'vascular_disease': [0, 2],
             'diabetes': [9, 10]}
    for _ in range(2000):
        age, male = draw.randint(18, 95), draw.randint(0, 1)
        given, bits = {'age': [age, 'years']}, 0
        for name, bit in yes_or_no.items():
            given[name] = draw.random() < .3
            bits |= given[name] << bit
        for name, (words, mild, severe) in degrees.items():
            degree = draw.randint(0, 2)
            given[name] = words[degree]
            bits |= [0, 1 << mild, 1 << severe | draw.randint(0, 1) << mild][degree]
        add('Charlson, MedCalc-Bench', f'c {bits} {age}', charlson(given)['Answer'])
        given, bits = {'age': [age, 'years'], 'sex': 'Male' if male else 'Female'}, 1 << 17
        for name, choice in risks.items():
            given[name] = draw.random() < .4
            bits |= given[name] << draw.choice(choice)
        add('CHA2DS2-VASc, MedCalc-Bench', f'v {bits} {age} {male}', cha2ds2(given)['Answer'])


def organs():
    sofa = calculator('sofa').compute_sofa_explanation
    for _ in range(2000):
        ratio = 199
        while 199 <= ratio < 200:  # for which it has no branch
            pao2, fio2 = draw.randint(40, 150), draw.choice([21, 30, 40, 50, 60, 80, 100])
            ratio = pao2 / (fio2 / 100)
        ventilated, coma = draw.randint(0, 1), draw.randint(3, 15)
        bilirubin, creatinine = round(draw.uniform(.2, 15), 1), round(draw.uniform(.4, 7), 1)
        platelets, urine = draw.randint(5, 300), draw.choice([None, draw.randint(50, 2500)])
        systolic, diastolic = draw.randint(60, 140), draw.randint(30, 90)
        if systolic + 2 * diastolic == 210:
            systolic += 3
        rates = {'dopamine': draw.choice([0, 0, 0, draw.choice([3, 5, 6, 15, 16, 20])]),
                 'dobutamine': draw.choice([0, 0, 5]), 'epinephrine': draw.choice([0, 0, 0, .05, .1, .2]),
                 'norepinephrine': draw.choice([0, 0, .02, .1, .3])}
        given = {'pao2': [pao2, ''], 'fio2': [fio2, ''], 'mechanical_ventilation': bool(ventilated), 'gcs': coma,
                 'bilirubin': [bilirubin, 'mg/dL'], 'platelet_count': [platelets * 1e3, 'µL'],
                 'creatinine': [creatinine, 'mg/dL'], 'sys_bp': [systolic, ''], 'dia_bp': [diastolic, ''],
                 'hypotension': False}
        given.update({name: [rate, ''] for name, rate in rates.items() if rate})
        if urine is not None:
            given['urine_output'] = [urine, 'mL/day']
        mean, doses = systolic / 3 + 2 * diastolic / 3, ' '.join(str(rate) for rate in rates.values())
        add('SOFA, MedCalc-Bench', f's {pao2} {fio2} {ventilated} {platelets} {bilirubin} {mean} {coma} {creatinine} '
            f'{"nan" if urine is None else urine} {doses}', sofa(given)['Answer'])


def in_r():
    """Inputs are drawn here, R answers one a line."""
    rows = [(draw.randint(0, 1), round(draw.uniform(.4, 5), 1), round(draw.uniform(.3, 30), 1),
             round(draw.uniform(.8, 6), 1), draw.randint(118, 145), round(draw.uniform(1, 4.5), 1)) for _ in range(3000)]
    people = [(round(draw.uniform(.3, 9), 2), draw.randint(19, 95), draw.randint(0, 1)) for _ in range(3000)]

    def run(script, data):
        text = '\n'.join(' '.join(str(x) for x in row) for row in data)
        done = subprocess.run(['Rscript', '-e', script], input=text, capture_output=True, text=True, check=True)
        return done.stdout.split()

    names = "c('Sex','Creatinine','Bilirubin','INR','Sodium','Albumin')"
    answers = run(f"source('{amscorer}/R/meld_3.R'); d <- read.table(file('stdin'), col.names={names}); "
                  "writeLines(as.character(meld_3(d)$MELD_3))", rows)
    for (male, creatinine, bilirubin, inr, sodium, albumin), answer in zip(rows, answers):
        add('MELD 3.0, amscorer', f'm {bilirubin} {inr} {creatinine} {sodium} {albumin} {male}', answer)
    answers = run(f"for (f in list.files('{kidney}/R', '[.]R$', full.names=TRUE)) try(source(f), silent=TRUE); "
                  "d <- read.table(file('stdin')); "
                  "writeLines(as.character(egfr.ckdepi.cr.2021(d[[1]], d[[2]], d[[3]], creatinine_units='mg/dl')))", people)
    for (creatinine, age, male), answer in zip(people, answers):
        add('eGFR, kidney.epi', f'e {creatinine} {age} {male}', answer, 0.00501)  # it rounds to two decimals


laboratory()
conditions()
organs()
in_r()
ours = subprocess.run([values], input='\n'.join(lines) + '\n', capture_output=True, text=True, check=True).stdout.split()
compared, differ = Counter(), Counter()
for line, own, (name, tolerance, value) in zip(lines, ours, expected, strict=True):
    compared[name] += 1
    if not abs(float(own) - value) <= tolerance * max(1, abs(value) if tolerance < 1e-3 else 1):
        differ[name] += 1
        print(f'{name}: {line}: {own}, there {value}')
for name, count in compared.items():
    print(f'{name}: {count} compared, {differ[name]} differ')
sys.exit(1 if differ else 0)
