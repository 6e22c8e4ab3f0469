set -eu
x="${{ params.a }}" y='${{ params.b }}' z=$'a\n'
cat <<END | sed -e "s/a/${x#*/}/" >out 2>&1 &
a ${{ params.a }} $(echo "$(date)") `id`
END
case $x in (a|b) f ;; *) : ;; esac
for i in 1 2; do [[ $i =~ ^${{ params.b }}$ ]] && break; done
if test "$((x + 1))" -gt ${y:-2}; then eval "$x"; fi
f() { rm -rf -- "${arr[@]}"; }
rm ${{ params.a }}
