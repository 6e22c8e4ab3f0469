cat <<END | sort >"out ${{ params.b }}" 2>&1
a ${{ params.a }} $(echo "$(date)" '${{ params.a }}')
END
case ${{ params.a }} in (a|b) f ;; *) : ;; esac
[[ x =~ ^${{ params.b }}$ ]] && echo $'\t' "${{ params.a }}" ab${{ params.b }}cd
